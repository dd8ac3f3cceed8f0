// What is shown while the server ends and comes back, and when it ends too often.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { coverage, fake, file } from './live';
import { covered, crash, crashes, extension, fuzzTest, open, shows, status } from './scene';
import { eventually, next, test } from './suite';

const phase = (wanted: string): Promise<void> => eventually(() => { assert.equal(extension.exports.ctx.phase, wanted); });

/** Resolves when a new server knows the open document. */
const back = async (): Promise<void> => { await fake.hears('textDocument/didOpen', (p: { textDocument: { uri: string } }) => p.textDocument.uri === file.toString()); };

test('a server that ended leaves nothing on the screen, and all comes back with it', async () => {
  await open(fake, file);
  coverage.reopened();
  coverage.full(1, [[2, 3, covered]]);
  status(fake, fuzzTest());
  crashes(fake, [crash()]);
  await shows(file, { covered: [[2, 3]], crash: [[6, 6]] });
  const cleared = next(extension.exports.ctx.state.onTests, () => extension.exports.ctx.state.tests.length === 0);
  fake.exit(1);
  await cleared;
  await back();
  await eventually(() => { assert.equal(extension.exports.ctx.state.tests.length, 1); });
  coverage.reopened();
  coverage.full(1, [[4, 4, covered]]);
  await eventually(() => { assert.equal(extension.exports.ctx.state.coverage(file.toString())?.shown.state(4), covered); });
});

test('the command restarts it', async () => {
  fake.forget();
  await vscode.commands.executeCommand('fuzzls.restartServer');
  await fake.hears('shutdown').catch(() => undefined);
  await back();
  await phase('running');
});

test('a server that ends again and again is given up, and started when the user wants', async () => {
  for (let i = 0; i < 3; i++) {
    const ended = next(extension.exports.ctx.state.onTests, () => extension.exports.ctx.state.tests.length === 0);
    fake.exit(1);
    await ended;
    await back();
    await eventually(() => { assert.equal(extension.exports.ctx.state.tests.length, 1); });
  }
  fake.exit(1);
  await phase('failed');
  await shows(file, {});
  assert.equal(extension.exports.statusBar.item.command, 'fuzzls.showLog');
  await vscode.commands.executeCommand('fuzzls.restartServer');
  await phase('running');
});

test('the end of the tests', () => {
  fake.stop();
});
