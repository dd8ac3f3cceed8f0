// In a workspace that is not trusted, nothing is started.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extension, source, startServer, write } from './scene';
import { test } from './suite';

test('starts nothing', async () => {
  assert.equal(vscode.workspace.isTrusted, false);
  const fake = startServer();
  write('p.go', source(10));
  await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('/'), 'p.go'));
  await extension.activate();
  await extension.exports.ctx.restart();
  assert.equal(extension.exports.ctx.phase, 'untrusted');
  assert.throws(() => extension.exports.ctx.execute('fuzzls.start'), /untrusted workspace/);
  assert.deepEqual(fake.heard, []);
  fake.stop();
});

test('does not take restricted settings from the workspace', async () => {
  const manifest = extension.packageJSON as { capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } } };
  assert.ok(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.includes('fuzzls.server.path'));
  const before = vscode.workspace.getConfiguration('fuzzls').get('server.path');
  const settings = vscode.Uri.joinPath(vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('/'), '.vscode/settings.json');
  await vscode.workspace.fs.writeFile(settings, Buffer.from('{ "fuzzls.server.path": "/evil", "fuzzls.codeLens": false }'));
  // That the one setting is read shows that the other was not.
  await new Promise<void>((resolve) => {
    const read = (): boolean => !vscode.workspace.getConfiguration('fuzzls').get<boolean>('codeLens');
    const listening = vscode.workspace.onDidChangeConfiguration(() => {
      if (!read()) return;
      listening.dispose();
      resolve();
    });
  });
  assert.equal(vscode.workspace.getConfiguration('fuzzls').get('server.path'), before);
});
