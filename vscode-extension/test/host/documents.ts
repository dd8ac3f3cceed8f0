// What is painted in editors while documents are split, edited, undone, changed on disk,
// closed, reopened and renamed, and in each way to show coverage.

import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { coverage, fake, file } from './live';
import { Coverage, covered, crash, crashes, extension, open, partly, shows, source, stale, uncovered, write } from './scene';
import { eventually, next, test } from './suite';

const display = (value: string | undefined): Thenable<void> => vscode.workspace.getConfiguration('fuzzls').update('coverage.display', value, vscode.ConfigurationTarget.Global);

test('paints what it is told, and differences', async () => {
  await open(fake, file);
  coverage.full(1, [[2, 4, covered], [5, 5, partly], [6, 7, uncovered], [8, 8, stale]], { entries: [1] });
  await shows(file, { entry: [[1, 1]], covered: [[2, 4]], partly: [[5, 5]], uncovered: [[6, 7]], stale: [[8, 8]] });
  coverage.difference(1, [[6, 6, covered]]);
  await shows(file, { entry: [[1, 1]], covered: [[2, 4], [6, 6]], partly: [[5, 5]], uncovered: [[7, 7]], stale: [[8, 8]] });
});

test('waits for a full picture when a difference is missing', async () => {
  coverage.full(1, [[2, 2, covered]]);
  coverage.difference(1, [[3, 3, covered]], { generation: 1000 });
  await shows(file, {});
  coverage.full(1, [[2, 2, covered]]);
  await shows(file, { covered: [[2, 2]] });
});

test('both editors of a split show the same, also when one is closed', async () => {
  await vscode.commands.executeCommand('workbench.action.splitEditor');
  await eventually(() => { assert.equal(vscode.window.visibleTextEditors.length, 2); });
  await shows(file, { covered: [[2, 2]] });
  coverage.difference(1, [[3, 3, uncovered]]);
  await shows(file, { covered: [[2, 2]], uncovered: [[3, 3]] });
  await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  await eventually(() => { assert.equal(vscode.window.visibleTextEditors.length, 1); });
  await shows(file, { covered: [[2, 2]], uncovered: [[3, 3]] });
});

test('lines move at once with an edit, and back when it is undone', async () => {
  const editor = await vscode.window.showTextDocument(file);
  coverage.full(editor.document.version, [[2, 2, covered], [9, 9, uncovered]]);
  await shows(file, { covered: [[2, 2]], uncovered: [[9, 9]] });
  await editor.edit((edit) => { edit.insert(new vscode.Position(5, 0), '// a\n// b\n'); });
  await shows(file, { covered: [[2, 2]], uncovered: [[11, 11]] });
  await vscode.commands.executeCommand('undo');
  await shows(file, { covered: [[2, 2]], uncovered: [[9, 9]] });
  await vscode.commands.executeCommand('redo');
  await shows(file, { covered: [[2, 2]], uncovered: [[11, 11]] });
  await vscode.commands.executeCommand('undo');
  await shows(file, { covered: [[2, 2]], uncovered: [[9, 9]] });
});

test('lines that another program changes on disk move, too', async () => {
  const editor = await vscode.window.showTextDocument(file);
  if (editor.document.isDirty) await editor.document.save();
  writeFileSync(file.fsPath, source(40).replace('// 5\n', '// 5\n// new\n'));
  // Reads it again, as VS Code does by itself where it can watch files.
  await vscode.commands.executeCommand('workbench.action.files.revert');
  await shows(file, { covered: [[2, 2]], uncovered: [[10, 10]] });
  // The server says what holds for the text that came.
  coverage.full(editor.document.version, [[20, 21, covered]]);
  await shows(file, { covered: [[20, 21]] });
});

test('each way to show coverage, and off and on', async () => {
  const editor = await vscode.window.showTextDocument(file);
  const places = (): string[] => [...new Set([...extension.exports.painter.layers(editor)].filter(([, runs]) => runs.length > 0).map(([layer]) => layer.replace(/\..*/, '')))].sort();
  // The lines of the document are not indented: their stripes are thin.
  for (const [value, expected] of [['line', ['ruler', 'thin', 'tint']], ['ruler', ['ruler']], ['off', []], ['gutter', ['ruler', 'thin']]] as const) {
    await display(value);
    await eventually(() => { assert.deepEqual(places(), expected, value); });
  }
  await display(undefined);
});

test('a theme leaves the stripes as they are', async () => {
  const themed = next(vscode.window.onDidChangeActiveColorTheme);
  await vscode.workspace.getConfiguration('workbench').update('colorTheme', 'Default High Contrast Light', vscode.ConfigurationTarget.Global);
  await themed;
  await shows(file, { covered: [[20, 21]] });
  await vscode.workspace.getConfiguration('workbench').update('colorTheme', 'Default Dark Modern', vscode.ConfigurationTarget.Global);
});

test('a crash is marked where its diagnostic is, and gone with it', async () => {
  crashes(fake, [crash()]);
  await shows(file, { crash: [[6, 6]], covered: [[20, 21]] });
  crashes(fake, [crash({ status: 'fixed' })]);
  await shows(file, { covered: [[20, 21]] });
  crashes(fake, []);
});

test('a closed document is forgotten, a reopened one painted as the server says', async () => {
  const brief = write('brief.go', source(40));
  const known = new Coverage(fake, brief);
  const isBrief = (p: { textDocument: { uri: string } }): boolean => p.textDocument.uri === brief.toString();
  // As the user opens it: what extensions open stays with VS Code for minutes after its editor is closed.
  const opened = async (): Promise<void> => {
    await vscode.commands.executeCommand('vscode.open', brief, { preview: false });
    await fake.hears('textDocument/didOpen', isBrief);
  };
  await opened();
  known.full(1, [[2, 2, covered]]);
  await shows(brief, { covered: [[2, 2]] });
  await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  await fake.hears('textDocument/didClose', isBrief);
  assert.equal(extension.exports.ctx.state.coverage(brief.toString()), undefined);
  // What was under way when it was closed is not kept.
  known.difference(1, [[1, 1, covered]]);
  fake.forget();
  await opened();
  await shows(brief, {});
  known.reopened();
  known.full(1, [[4, 4, covered]]);
  await shows(brief, { covered: [[4, 4]] });
  await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
});

test('a renamed document has only what the server says of its new name', async () => {
  const renamed = file.with({ path: file.path.replace('p.go', 'q.go') });
  await vscode.window.showTextDocument(file);
  await shows(file, { covered: [[20, 21]] });
  const edit = new vscode.WorkspaceEdit();
  edit.renameFile(file, renamed);
  fake.forget();
  assert.ok(await vscode.workspace.applyEdit(edit));
  await fake.hears('textDocument/didOpen', (p: { textDocument: { uri: string } }) => p.textDocument.uri === renamed.toString());
  await shows(renamed, {});
  assert.equal(extension.exports.ctx.state.coverage(file.toString()), undefined);
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  renameSync(renamed.fsPath, file.fsPath);
  writeFileSync(file.fsPath, source(40));
});
