// Runs the end-to-end tests one file after another: two workbenches at a time are too much
// for a small machine. Arguments are names of files: fake, real, trouble; without any, all.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
if (!existsSync(path.join(here, '../../.vscode-test/package/lib/vscode/out/server-main.js'))) {
  console.error('VS Code for the tests is missing: run vscode-extension/scripts/setup-vscode');
  process.exit(1);
}
const wanted = process.argv.slice(2);
const files = readdirSync(here).filter((name) => name.endsWith('.e2e.mjs') && (wanted.length === 0 || wanted.includes(name.replace('.e2e.mjs', ''))));
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', '--test-timeout=1200000', '--test-reporter=spec', ...files.map((name) => path.join(here, name))], { stdio: 'inherit' });
process.exit(status ?? 1);
