// What the tests start ends with them, also when they are killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { eventually } from './page.mjs';
import { processes } from './processes.mjs';

const keeper = path.join(import.meta.dirname, 'keeper.mjs');

it('ends a command, what it started and its folder, when the one that wanted it is killed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'fuzzls-e2e-'));
  // A test that starts a keeper, as vscode.mjs does.
  const script = `
    const { spawn } = require('node:child_process');
    spawn(process.execPath, [${JSON.stringify(keeper)}, ${JSON.stringify(folder)}, 'sh', '-c', 'sleep 1000 & sleep 1000; : ${folder}'], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
    setInterval(() => {}, 1000);`;
  const test = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
  const group = () => {
    const shell = processes().find((p) => p.command.startsWith('sh -c') && p.command.includes(folder));
    return shell ? processes().filter((p) => p.pid === shell.pid || p.parent === shell.pid) : [];
  };
  const started = await eventually(() => {
    const found = group();
    assert.equal(found.length, 3);
    return found.map((p) => p.pid);
  });
  test.kill('SIGKILL');
  await eventually(() => assert.deepEqual(processes().filter((p) => started.includes(p.pid)), []));
  await eventually(() => assert.ok(!existsSync(folder)));
});
