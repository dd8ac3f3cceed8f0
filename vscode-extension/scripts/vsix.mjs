// Makes fuzzls-<target>-<version>.vsix: the server for the platform, the bundle, and the
// licenses of what is in it. The target is this machine's, or one of those below:
//   node scripts/vsix.mjs [linux-x64|linux-arm64]
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';

/** Where the server runs, as VS Code and as Go call it. */
const platforms = {
  'linux-x64': { GOOS: 'linux', GOARCH: 'amd64' },
  'linux-arm64': { GOOS: 'linux', GOARCH: 'arm64' },
};

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const target = process.argv[2] ?? `${process.platform}-${process.arch}`;
const platform = platforms[target];
if (!platform) {
  console.error(`there is no server for ${target}: choose one of ${Object.keys(platforms).join(', ')}`);
  process.exit(2);
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

// A static executable runs on any distribution.
execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', path.join(root, 'server', 'fuzzls'), './cmd/fuzzls'], {
  cwd: path.resolve(root, '..'),
  env: { ...process.env, ...platform, CGO_ENABLED: '0' },
  stdio: 'inherit',
});

rmSync('dist', { recursive: true, force: true });
const bundle = await build({
  entryPoints: ['src/main.ts'], bundle: true, platform: 'node', target: 'node20', format: 'cjs',
  outfile: 'dist/main.js', external: ['vscode'], minify: true, metafile: true, logLevel: 'warning',
});
writeFileSync('dist/LICENSES.txt', licenses(bundle.metafile));
copyFileSync('../LICENSE', 'LICENSE');

const packagePath = `fuzzls-${target}-${version}.vsix`;
await createVSIX({ cwd: root, packagePath, target, dependencies: false });

/** The licenses of the packages that are in the bundle. */
function licenses(metafile) {
  const packages = new Set();
  for (const file of Object.keys(metafile.inputs)) {
    const found = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file);
    if (found) packages.add(found[0]);
  }
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const file = existsSync(folder) && readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : '';
    return `${name} ${version} (${license})\n\n${text}\n`;
  }).join('\n----\n\n');
}
