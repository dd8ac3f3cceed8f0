// Runs the end-to-end tests one file after another: two workbenches at a time are too much
// for a small machine. Arguments are names of files: fake, real, trouble, zig; without any, all.
// If this process dies, however it does, all that the tests have started ends with it.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const output = path.join(here, '../../test-output');

if (!existsSync(path.join(here, '../../.vscode-test/package/lib/vscode/out/server-main.js'))) {
  console.error('NOT TESTED: the extension in VS Code, which is missing: run vscode-extension/scripts/setup-vscode');
  process.exit(process.env.CI === 'true' ? 1 : 0);
}

const all = readdirSync(here).filter((name) => name.endsWith('.e2e.mjs')).map((name) => name.replace('.e2e.mjs', '')).sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`there are no end-to-end tests called ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

if (wanted.length === 0) rmSync(output, { recursive: true, force: true });
let failed = false;
for (const name of wanted.length > 0 ? wanted : all) {
  if (await run(name) !== 0) failed = true;
}
process.exit(failed ? 1 : 0);

/** Runs one file; resolves to its exit status. The pipe to it tells it that we are alive. */
function run(name) {
  const file = path.join(here, `${name}.e2e.mjs`);
  const child = spawn(process.execPath, ['--test-reporter=spec', file], { stdio: ['pipe', 'inherit', 'inherit'], env: { ...process.env, FUZZLS_E2E_LIFELINE: '1' } });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}
