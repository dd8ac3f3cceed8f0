// Defines FakeWorkbench: a workbench whose language server says what a test wants, with the
// example module open.
import assert from 'node:assert/strict';
import path from 'node:path';
import { FakeServer } from './fakeServer.mjs';
import { eventually, marks } from './page.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from './vscode.mjs';

/** States of lines, as the server sends them. */
export const [uncovered, partly, covered, stale] = [1, 2, 3, 4];

/** A range of nothing at the start of a line (from 0) of a document. */
export const at = (uri, line) => ({ uri, range: { start: { line, character: 0 }, end: { line, character: 0 } } });

/** Figures of a fuzz test. */
export const figures = { runs: 1_234_567, newRuns: 20_000, runsPerSecond: 45_100, uniqueRuns: 310, points: 312, totalPoints: 1024, sinceFind: 12_000, crashes: 1 };

export class FakeWorkbench {
  /** Counts the notifications of coverage. */
  generation = 0;

  static async open() {
    const w = new FakeWorkbench();
    try {
      await w.#start();
      return w;
    } catch (error) {
      await w.close();
      throw error;
    }
  }

  async #start() {
    this.fake = await FakeServer.start();
    this.settings = { 'fuzzls.server.path': FakeServer.path };
    this.vscode = await startVSCode({ workspace: path.resolve(root, '../examples/settings'), settings: this.settings, env: { FUZZLS_FAKE_SOCKET: this.fake.socket } });
    this.source = `file://${this.vscode.folder}/settings.go`;
    this.testFile = `file://${this.vscode.folder}/settings_test.go`;
    this.browser = await startBrowser();
    this.page = await openWorkbench(this.browser, this.vscode, 'settings.go');
  }

  async close() {
    await this.browser?.close();
    await this.vscode?.stop();
    this.fake?.stop();
  }

  /** Sends coverage of settings.go; lines are from 0. */
  cover(change) {
    this.generation++;
    this.fake.notify('fuzzls/coverage', {
      textDocument: { uri: this.source, version: 1 }, generation: this.generation, full: true, lines: [],
      summary: { covered: 20, partly: 2, instrumented: 40 }, ...change,
    });
  }

  /** Waits until settings.go has these marks, by line (from 1). */
  shown(expected, index = 0) {
    return eventually(async () => assert.deepEqual(await marks(this.page, 'settings.go', index), expected));
  }

  /** A fuzz test as the server tells it. */
  test(change) {
    return {
      id: 'example.com/settings.FuzzParse', name: 'FuzzParse', package: 'example.com/settings', state: 'idle',
      location: { uri: this.testFile, range: { start: { line: 20, character: 5 }, end: { line: 20, character: 14 } } }, ...change,
    };
  }

  /** Tells that there is one fuzz test, in that state. */
  status(change) {
    const params = { tests: [this.test(change)], workspaces: [{ root: this.vscode.folder, name: 'settings' }] };
    this.fake.answer('fuzzls/status', params);
    this.fake.notify('fuzzls/status', params);
  }

  /** A crash in line 35 of settings.go. */
  crash(change) {
    return {
      signature: 'panic-1a2b', test: 'example.com/settings.FuzzParse', kind: 'panic', message: 'panic: runtime error: index out of range [5] with length 5',
      location: { uri: this.source, range: { start: { line: 34, character: 2 }, end: { line: 34, character: 40 } } },
      frames: [
        { function: 'settings.Parse', location: at(this.source, 34), own: true },
        { function: 'runtime.goPanicIndex', own: false },
      ],
      reproducer: `file://${this.vscode.folder}/testdata/fuzz/FuzzParse/5838cdfae7b16cde`, replay: "go test '-run=^FuzzParse$/^5838cdfae7b16cde$' .", replayDir: this.vscode.folder,
      status: 'open', count: 3, first: Date.now() - 60_000, last: Date.now(), edited: false, ...change,
    };
  }

  /** Tells of crashes; those whose signatures are in fresh for the first time. */
  crashes(list, fresh) {
    this.fake.answer('fuzzls/crashes', { crashes: list, fresh: [] });
    this.fake.notify('fuzzls/crashes', { crashes: list, fresh });
    this.fake.notify('textDocument/publishDiagnostics', {
      uri: this.source, diagnostics: list.filter((c) => c.status === 'open').map((c) => ({ range: c.location.range, severity: 1, source: 'fuzzls', code: c.signature, message: c.message })),
    });
  }
}
