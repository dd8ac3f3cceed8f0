// This file defines the scene of the tests with a server: a module in the workspace, the
// fake server that they direct, and what the extension shows of it.

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Layers, Run } from '../../src/coverage/looks';
import type { CoverageParams, CrashStatus, LineRun, StatusParams, TestStatus } from '../../src/lspExt';
import type { Parts } from '../../src/main';
import { FakeServer } from '../fake/fakeServer.mjs';
import { eventually } from './suite';

export const [uncovered, partly, covered, stale] = [1, 2, 3, 4] as const;

/** The id of the extension. */
const id = 'fuzzls.fuzzls';

export const extension = vscode.extensions.getExtension<Parts>(id) ?? missing(`the extension ${id}`);

function missing(what: string): never {
  throw new Error(`${what} is missing`);
}

/** The folder that is open. */
export const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? missing('the folder');

/** Writes a file of the workspace. */
export function write(name: string, text: string): vscode.Uri {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return vscode.Uri.file(file);
}

/** Go source with a comment in each line, so that nothing else is known of it. */
export function source(lines: number): string {
  return `package p\n${Array.from({ length: lines - 1 }, (_, i) => `// ${i + 2}\n`).join('')}`;
}

/** Starts the fake server, which the extension will find when it is activated. */
export function startServer(): FakeServer {
  const fake = FakeServer.start();
  process.env.FUZZLS_FAKE_SOCKET = fake.socket;
  return fake;
}

/** An executable of the workspace that is no server: what it does is a line of shell. */
export function notAServer(name: string, line: string): string {
  const file = write(name, `#!/bin/sh\n${line}\n`).fsPath;
  chmodSync(file, 0o755);
  return file;
}

let asked = 0;

/**
 * The messages that the user sees in the notification center, for VS Code does not let them
 * pop up while it is tested. The runner, which sees the window, answers in a file.
 */
export async function messages(): Promise<string[]> {
  await vscode.commands.executeCommand('notifications.showList');
  const number = ++asked;
  console.log(`  ? ${number}`);
  const all = await eventually(() => JSON.parse(readFileSync(path.join(path.dirname(folder), `messages-${number}.json`), 'utf8')) as string[]);
  // Of VS Code's own extensions, some cannot be activated while it is tested.
  return all.filter((text) => !text.startsWith("Activating extension 'vscode."));
}

/** The coverage of one document, as the fake server tells it. */
export class Coverage {
  private generation = 0;

  constructor(private readonly fake: FakeServer, readonly uri: vscode.Uri) {}

  /** The server begins anew with a document that is opened. */
  reopened(): void {
    this.generation = 0;
  }

  /** Tells all of a document. */
  full(version: number, lines: LineRun[], change: Partial<CoverageParams> = {}): void {
    this.tell({ version, full: true, lines, ...change });
  }

  /** Tells a difference. */
  difference(version: number, lines: LineRun[], change: Partial<CoverageParams> = {}): void {
    this.tell({ version, full: false, lines, ...change });
  }

  private tell({ version, ...params }: Partial<CoverageParams> & { version: number }): void {
    this.fake.notify('fuzzls/coverage', {
      textDocument: { uri: this.uri.toString(), version }, generation: ++this.generation, full: true, lines: [],
      summary: { covered: 1, partly: 0, instrumented: 2 }, ...params,
    });
  }
}

/** The runs of stripes in an editor, by look, thin or not. */
export function stripes(editor: vscode.TextEditor): Record<string, Run[]> {
  const layers: Layers = extension.exports.painter.layers(editor);
  const found: Record<string, Run[]> = {};
  for (const [layer, runs] of layers) {
    const [place, look] = layer.split('.') as [string, string];
    if ((place === 'stripe' || place === 'thin') && runs.length > 0) found[look] = joined([...(found[look] ?? []), ...runs]);
  }
  return found;
}

/** Runs in order, those that touch as one. */
function joined(runs: Run[]): Run[] {
  const result: Run[] = [];
  for (const run of runs.sort((a, b) => a[0] - b[0])) {
    const last = result[result.length - 1];
    if (last && last[1] + 1 === run[0]) result[result.length - 1] = [last[0], run[1]];
    else result.push(run);
  }
  return result;
}

/** Waits until all visible editors of a document show these stripes. */
export function shows(uri: vscode.Uri, expected: Record<string, Run[]>): Promise<void> {
  return eventually(() => {
    const editors = vscode.window.visibleTextEditors.filter((editor) => editor.document.uri.toString() === uri.toString());
    assert.ok(editors.length > 0, `${uri.path} is not visible`);
    for (const editor of editors) assert.deepEqual(stripes(editor), expected);
  });
}

/** Opens a document, and waits until the server knows. */
export async function open(fake: FakeServer, uri: vscode.Uri, options: vscode.TextDocumentShowOptions = {}): Promise<vscode.TextEditor> {
  const editor = await vscode.window.showTextDocument(uri, { preview: false, ...options });
  await fake.hears('textDocument/didOpen', (p: { textDocument: { uri: string } }) => p.textDocument.uri === uri.toString());
  return editor;
}

/** A fuzz test of p_test.go. */
export function fuzzTest(change: Partial<TestStatus> = {}): TestStatus {
  const range = { start: { line: 4, character: 5 }, end: { line: 4, character: 14 } };
  return { id: 'example.com/p.FuzzParse', name: 'FuzzParse', package: 'example.com/p', state: 'idle', location: { uri: vscode.Uri.file(path.join(folder, 'p_test.go')).toString(), range }, ...change };
}

/** Has the server tell the states of fuzz tests. */
export function status(fake: FakeServer, ...tests: TestStatus[]): void {
  const params: StatusParams = { tests, workspaces: [{ root: folder, name: 'p' }] };
  fake.answer('fuzzls/status', params);
  fake.notify('fuzzls/status', params);
}

/** A crash in p.go. */
export function crash(change: Partial<CrashStatus> = {}): CrashStatus {
  const uri = vscode.Uri.file(path.join(folder, 'p.go')).toString();
  const range = { start: { line: 6, character: 0 }, end: { line: 6, character: 3 } };
  return {
    signature: 'panic-1', test: 'example.com/p.FuzzParse', kind: 'panic', message: 'panic: index out of range [5] with length 5', location: { uri, range },
    frames: [{ function: 'example.com/p.Parse', location: { uri, range }, own: true }, { function: 'runtime.goPanicIndex', own: false }],
    reproducer: vscode.Uri.file(path.join(folder, 'testdata/fuzz/FuzzParse/5838cdfae7b16cde')).toString(), replay: "go test '-run=^FuzzParse$/^5838cdfae7b16cde$' .", replayDir: folder,
    status: 'open', count: 3, first: 0, last: Date.now(), edited: false, ...change,
  };
}

/** Has the server tell crashes, and the diagnostics of the open ones. */
export function crashes(fake: FakeServer, list: CrashStatus[], fresh: string[] = []): void {
  fake.answer('fuzzls/crashes', { crashes: list, fresh: [] });
  fake.notify('fuzzls/crashes', { crashes: list, fresh });
  const open = list.filter((c) => c.status === 'open' && c.location);
  fake.notify('textDocument/publishDiagnostics', {
    uri: vscode.Uri.file(path.join(folder, 'p.go')).toString(),
    diagnostics: open.map((c) => ({ range: c.location?.range, severity: 1, source: 'fuzzls', code: c.signature, message: c.message })),
  });
}
