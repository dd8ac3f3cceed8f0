// The Testing view: items, profiles, and what becomes of runs.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { messageOf } from '../../src/testing/messages';
import { fake } from './live';
import { crash, crashes, extension, fuzzTest, status } from './scene';
import { eventually, test } from './suite';

test('has an item for each fuzz test, in its package', async () => {
  const { controller } = extension.exports.testing;
  status(fake, fuzzTest(), fuzzTest({ id: 'example.com/p.FuzzOther', name: 'FuzzOther' }));
  await eventually(() => { assert.equal(controller.items.get('example.com/p')?.children.size, 2); });
  const item = controller.items.get('example.com/p')?.children.get('example.com/p.FuzzParse');
  assert.equal(item?.label, 'FuzzParse');
  assert.equal(item.range?.start.line, 4);
  status(fake, fuzzTest({ failure: 'p.go:3: it does not compile' }));
  await eventually(() => { assert.equal(item.error, 'p.go:3: it does not compile'); });
  assert.equal(controller.items.get('example.com/p')?.children.size, 1);
  status(fake);
  await eventually(() => { assert.equal(controller.items.size, 0); });
  status(fake, fuzzTest());
});

test('replays through the Testing view', async () => {
  fake.answer('fuzzls.replay', { message: 'FuzzParse: 118 inputs, 1 crash', crashes: ['panic-1'] });
  crashes(fake, [crash()]);
  await eventually(() => { assert.equal(extension.exports.ctx.state.crashes.length, 1); });
  fake.forget();
  await vscode.commands.executeCommand('testing.runAll');
  assert.deepEqual((await fake.command('fuzzls.replay')).arguments, ['example.com/p.FuzzParse', { quiet: true }]);
});

test('tells a crash as a test message with its stack', () => {
  const message = messageOf(extension.exports.ctx, crash());
  assert.equal(message.location?.range.start.line, 6);
  assert.deepEqual(message.stackTrace?.map((frame) => frame.label), ['example.com/p.Parse', 'runtime.goPanicIndex']);
  assert.equal(message.stackTrace[0]?.position?.line, 6);
  assert.match((message.message as vscode.MarkdownString).value, /go test/);
});

test('does for a crash what its commands say', async () => {
  fake.answer('fuzzls.minimize', { message: 'FuzzParse: 20 bytes became 3', before: 20, after: 3 });
  await vscode.commands.executeCommand('fuzzls.minimize', 'panic-1');
  assert.deepEqual((await fake.command('fuzzls.minimize')).arguments, ['panic-1']);
  await vscode.commands.executeCommand('fuzzls.copyReplayCommand', 'panic-1');
  assert.match(await vscode.env.clipboard.readText(), /^cd .* && go test '-run=\^FuzzParse\$/);
  await vscode.commands.executeCommand('fuzzls.goToCrash', 'panic-1');
  assert.equal(vscode.window.activeTextEditor?.selection.active.line, 6);
});
