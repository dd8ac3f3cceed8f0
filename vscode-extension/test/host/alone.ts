// A server that is missing, no server at all, of another version, or that ends at once;
// and debugging without a debugger. The runner counts the messages that the user sees.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { crash, crashes, extension, fuzzTest, messages, notAServer, source, startServer, status, write } from './scene';
import { eventually, next, test } from './suite';

write('p.go', source(10));

/** Has the extension use another server. */
async function use(file: string): Promise<void> {
  await vscode.workspace.getConfiguration('fuzzls').update('server.path', file, vscode.ConfigurationTarget.Workspace);
  await vscode.commands.executeCommand('notifications.clearAll');
  await vscode.commands.executeCommand('fuzzls.restartServer');
}

/** Waits until there is a message, which must be the only one. */
async function told(wanted: RegExp): Promise<void> {
  await eventually(async () => { assert.match((await messages()).join('\n'), wanted); });
  const all = await messages();
  assert.equal(all.length, 1, all.join('\n'));
}

test('a server that is missing', async () => {
  await extension.activate();
  await eventually(() => { assert.equal(extension.exports.ctx.phase, 'failed'); });
  assert.match(extension.exports.statusBar.item.text, /error/);
  assert.throws(() => extension.exports.ctx.execute('fuzzls.start'), /is not running/);
  await told(/was not found at "\/nowhere\/fuzzls"/);
});

test('a file that is no server', async () => {
  await use(notAServer('none', 'echo hello'));
  assert.equal(extension.exports.ctx.phase, 'failed');
  await told(/--version" did not work: it printed "hello"/);
});

test('a server that ends at once', async () => {
  const failed = next(extension.exports.ctx.onPhase, (phase) => phase === 'failed');
  await use(notAServer('ends', '[ "$1" = --version ] && echo fuzzls version 1 && exit; exit 3'));
  await failed;
  await told(/ended as soon as it was started/);
});

test('a server of another version', async () => {
  const fake = startServer();
  process.env.FUZZLS_FAKE_VERSION = '2';
  await use(process.env.FUZZLS_FAKE_SERVER ?? '');
  assert.equal(extension.exports.ctx.phase, 'failed');
  await fake.hears('exit');
  await told(/too new for this extension/);
  delete process.env.FUZZLS_FAKE_VERSION;
  fake.stop();
});

test('debugging without the extension that has the debugger', async () => {
  const fake = startServer();
  await use(process.env.FUZZLS_FAKE_SERVER ?? '');
  assert.equal(extension.exports.ctx.phase, 'running');
  status(fake, fuzzTest());
  crashes(fake, [crash()]);
  await eventually(() => { assert.ok(extension.exports.ctx.state.crash('panic-1')); });
  // It waits for the user's choice.
  void vscode.commands.executeCommand('fuzzls.debugCrash', 'panic-1');
  await told(/needs the extension Go \(golang\.go\)/);
  fake.stop();
});
