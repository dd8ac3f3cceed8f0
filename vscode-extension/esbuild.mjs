// Bundles the extension into dist, or with --tests the unit tests into out/test, or with
// --host the tests inside the extension host into out/host.
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' };

/** Leaves what main.js loads later to the other bundle: the library has a ./client, too, and requires it. */
const clientApart = {
  name: 'client-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\/client$/ }, ({ kind }) => (kind === 'dynamic-import' ? { path: './client', external: true } : undefined));
  },
};

/**
 * Has a bundle ask for VS Code's API once, as it is. Otherwise each of our files would ask
 * for it, and copy its hundreds of names, which took more than half of the time of loading.
 */
const apiOnce = {
  name: 'api-once',
  setup(build) {
    build.initialOptions.banner = { js: '"use strict";const vscode = require("vscode");' };
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace("import * as vscode from 'vscode';", ''), loader: 'ts' };
    });
  },
};

/**
 * Bundles the extension: main.js, and what it loads when a server is started, client.js.
 * The latter is twelve times as large, and would be read and parsed during activation.
 * @returns {Promise<string[]>} the files that are in the bundles
 */
export async function bundle() {
  rmSync('dist', { recursive: true, force: true });
  const { metafile } = await build({
    ...common, entryPoints: ['src/main.ts', 'src/client.ts'], outdir: 'dist', external: ['vscode'], plugins: [clientApart, apiOnce], minify: true, metafile: true,
    // require instead: Node.js would import only what is named with its extension.
    supported: { 'dynamic-import': false },
  });
  return Object.keys(metafile.inputs);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--tests')) {
    rmSync('out/test', { recursive: true, force: true });
    const tests = readdirSync('test/unit').filter((name) => name.endsWith('.test.ts'));
    await build({ ...common, entryPoints: tests.map((name) => `test/unit/${name}`), outdir: 'out/test', sourcemap: 'inline' });
  } else if (process.argv.includes('--host')) {
    // The fake server's file is named by the runner, not by the bundle.
    await build({ ...common, entryPoints: ['test/host/index.ts'], outdir: 'out/host', external: ['vscode'], sourcemap: 'inline', define: { 'import.meta.dirname': '__dirname' } });
  } else {
    await bundle();
  }
}
