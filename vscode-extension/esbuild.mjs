// Bundles the extension into dist/main.js, or with --tests the unit tests into out/test.
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  rmSync('out/test', { recursive: true, force: true });
  const tests = readdirSync('test/unit').filter((name) => name.endsWith('.test.ts'));
  await build({ ...common, entryPoints: tests.map((name) => `test/unit/${name}`), outdir: 'out/test', sourcemap: 'inline' });
} else {
  await build({ ...common, entryPoints: ['src/main.ts'], outfile: 'dist/main.js', external: ['vscode'], minify: true });
}
