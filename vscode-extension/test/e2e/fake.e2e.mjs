// The extension in a real workbench, with a server that says what the test wants: every
// situation can be made, in any order.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { renameSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeServer } from './fakeServer.mjs';
import { choose, command, cursorAt, editorLines, eventually, goToLine, markColors, marks, nextMarks, openFile, reproducer, screenshot, statusBar, visibleLines, webview } from './page.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from './vscode.mjs';

const [uncovered, partly, covered, stale] = [1, 2, 3, 4];
const workspace = path.resolve(root, '../examples/settings');

describe('with a fake server', () => {
  let fake, vscode, browser, page, source, testFile;
  let generation = 0;

  /** A test that leaves a picture when it fails. */
  const step = (name, f) => it(name, async (t) => {
    try {
      await f(t);
    } catch (error) {
      if (page) await screenshot(page, `failed-${name.replace(/\W+/g, '-')}`);
      throw error;
    }
  });

  /** Sends coverage of settings.go; lines are from 0. */
  const cover = (change) => {
    generation++;
    fake.notify('fuzzls/coverage', {
      textDocument: { uri: source, version: 1 }, generation, full: true, lines: [],
      summary: { covered: 20, partly: 2, instrumented: 40 }, ...change,
    });
  };
  const shown = (expected) => eventually(async () => assert.deepEqual(await marks(page, 'settings.go'), expected));
  const figures = { runs: 1_234_567, newRuns: 20_000, runsPerSecond: 45_100, uniqueRuns: 310, points: 312, totalPoints: 1024, sinceFind: 12_000, crashes: 1 };
  const test = (change) => ({
    id: 'example.com/settings.FuzzParse', name: 'FuzzParse', package: 'example.com/settings', state: 'idle',
    location: { uri: testFile, range: { start: { line: 7, character: 5 }, end: { line: 7, character: 14 } } }, ...change,
  });
  const status = (change) => {
    const params = { tests: [test(change)], workspaces: [{ root: vscode.folder, name: 'settings' }] };
    fake.answer('fuzzls/status', params);
    fake.notify('fuzzls/status', params);
  };
  const crash = () => ({
    signature: 'panic-1a2b', test: 'example.com/settings.FuzzParse', kind: 'panic', message: 'panic: runtime error: index out of range [5] with length 5',
    location: { uri: source, range: { start: { line: 34, character: 2 }, end: { line: 34, character: 40 } } },
    frames: [
      { function: 'settings.Parse', location: { uri: source, range: { start: { line: 34, character: 0 }, end: { line: 34, character: 0 } } }, own: true },
      { function: 'runtime.goPanicIndex', own: false },
    ],
    reproducer: `file://${vscode.folder}/testdata/fuzz/FuzzParse/5838cdfae7b16cde`, replay: "go test '-run=^FuzzParse$/^5838cdfae7b16cde$' .", replayDir: vscode.folder,
    status: 'open', count: 3, first: Date.now() - 60_000, last: Date.now(), edited: false,
  });
  const crashes = (list, fresh) => {
    fake.answer('fuzzls/crashes', { crashes: list, fresh: [] });
    fake.notify('fuzzls/crashes', { crashes: list, fresh });
    fake.notify('textDocument/publishDiagnostics', {
      uri: source, diagnostics: list.filter((c) => c.status === 'open').map((c) => ({ range: c.location.range, severity: 1, source: 'fuzzls', code: c.signature, message: c.message })),
    });
  };

  const at = (uri, line) => ({ uri, range: { start: { line, character: 0 }, end: { line, character: 0 } } });
  const settings = { 'fuzzls.server.path': FakeServer.path };
  const visible = (line) => eventually(async () => assert.ok((await visibleLines(page, 'settings.go')).includes(line)));

  before(async () => {
    fake = await FakeServer.start();
    vscode = await startVSCode({ workspace, settings, env: { FUZZLS_FAKE_SOCKET: fake.socket } });
    source = `file://${vscode.folder}/settings.go`;
    testFile = `file://${vscode.folder}/settings_test.go`;
    browser = await startBrowser();
    page = await openWorkbench(browser, vscode, 'settings.go');
  });
  after(async () => {
    if (page) await screenshot(page, 'fake-last').catch(() => {});
    await browser?.close();
    await vscode?.stop();
    fake?.stop();
  });

  step('starts the server, opts in and opens the document', async () => {
    const params = await fake.hears('initialize', undefined, 60_000);
    assert.deepEqual(params.capabilities.experimental, { fuzzls: true });
    assert.equal(params.initializationOptions.trusted, true);
    assert.equal(params.initializationOptions.settings.timeout, '10s');
    await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === source);
    await statusBar(page).getByText('Fuzzls').waitFor();
  });

  step('paints each state with its own mark', async () => {
    cover({ lines: [[27, 29, covered], [30, 30, partly], [31, 33, uncovered], [34, 34, stale]], entries: [26] });
    await shown({ 27: 'entry', 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'uncovered', 33: 'uncovered', 34: 'uncovered', 35: 'stale' });
    await screenshot(page, 'gutter-dark');
  });

  step('applies differences, and moves marks at once with edits that the server has not seen', async () => {
    cover({ full: false, lines: [[31, 31, covered]] });
    await shown({ 27: 'entry', 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'covered', 33: 'uncovered', 34: 'uncovered', 35: 'stale' });
    await goToLine(page, 29);
    await page.keyboard.press('Enter');
    await shown({ 27: 'entry', 28: 'covered', 30: 'covered', 31: 'covered', 32: 'partly', 33: 'covered', 34: 'uncovered', 35: 'uncovered', 36: 'stale' });
    // What the server now says is of the text before the edit.
    cover({ full: false, lines: [[32, 32, covered]] });
    await shown({ 27: 'entry', 28: 'covered', 30: 'covered', 31: 'covered', 32: 'partly', 33: 'covered', 34: 'covered', 35: 'uncovered', 36: 'stale' });
    await page.keyboard.press('Control+z');
    await shown({ 27: 'entry', 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'covered', 33: 'covered', 34: 'uncovered', 35: 'stale' });
  });

  step('lets newly covered lines fade', async () => {
    // Covered in the future: it stays fresh, however slow the machine is.
    cover({ lines: [[27, 33, covered]], fresh: [[28, -3_600_000]] });
    await shown({ 28: 'covered', 29: 'fresh0', 30: 'covered', 31: 'covered', 32: 'covered', 33: 'covered', 34: 'covered' });
    await screenshot(page, 'fresh-dark');
    cover({ lines: [[27, 33, covered]], fresh: [[28, 4_000]] });
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[29], 'covered'));
  });

  step('shows figures in the status bar', async () => {
    status({ state: 'running', started: Date.now(), workers: 2, figures });
    await statusBar(page).getByText('45.1k/s · 312/1,024').waitFor();
  });

  step('tells of a crash once, marks its line and opens its reproducer', async () => {
    const c = crash();
    fake.answer('fuzzls/reproducer', { values: [{ type: '[]byte', text: '[]byte("[cache]\\nsize = 64MiB")', bytes: Buffer.from('[cache]\nsize = 64MiB').toString('base64') }], size: 20, uri: c.reproducer });
    crashes([c], [c.signature]);
    const toast = page.locator('.notification-toast').filter({ hasText: 'index out of range' });
    await toast.waitFor();
    await eventually(async () => {
      const line = (await editorLines(page, 'settings.go'))[35];
      assert.deepEqual(line.gutter, ['crash']);
      assert.deepEqual(line.squiggle, ['error']);
    });
    await screenshot(page, 'crash-dark');
    crashes([c], []);
    await toast.getByText('Open Reproducer').click();
    const body = webview(page);
    assert.deepEqual(await fake.hears('fuzzls/reproducer'), { signature: c.signature });
    await body.getByText('index out of range [5] with length 5').waitFor();
    await body.locator('pre.hex:visible').getByText('5b 63 61 63 68 65 5d').waitFor();
    await screenshot(page, 'reproducer-dark');
    await eventually(async () => assert.equal(await page.locator('.notification-toast').count(), 0, 'no second notification'));
  });

  step('passes on what is done with a crash', async () => {
    const body = webview(page);
    fake.answer('fuzzls.minimize', { message: 'FuzzParse: 20 bytes became 3', before: 20, after: 3 });
    await body.getByRole('button', { name: 'Minimize' }).click();
    assert.deepEqual((await fake.command('fuzzls.minimize')).arguments, ['panic-1a2b']);
    await page.locator('.notification-toast').filter({ hasText: '20 bytes became 3' }).waitFor();
    await body.getByRole('button', { name: 'Copy Command' }).click();
    await eventually(async () => assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^cd \S+ && go test '-run=/));
    await body.getByText('settings.Parse').click();
    await page.locator('.monaco-editor.focused[data-uri$="settings.go"]').waitFor();
    await command(page, 'Notifications: Clear All');
    await body.getByRole('button', { name: 'Dismiss' }).click();
    await fake.command('fuzzls.dismiss', (a) => a[0] === 'panic-1a2b');
    crashes([], []);
    await page.locator('.tab').filter({ hasText: 'Crash: FuzzParse' }).waitFor({ state: 'detached' });
    await eventually(async () => assert.notEqual((await marks(page, 'settings.go'))[35], 'crash'));
  });

  step('paints both editors of a split, and each mode in its place', async () => {
    cover({ lines: [[27, 29, covered], [30, 30, partly], [31, 33, uncovered], [34, 34, stale]] });
    await page.keyboard.press('Control+\\');
    const expected = { 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'uncovered', 33: 'uncovered', 34: 'uncovered', 35: 'stale' };
    for (const index of [0, 1]) await eventually(async () => assert.deepEqual(await marks(page, 'settings.go', index), expected));
    await command(page, 'View: Close Editor');
    await eventually(async () => assert.equal(await page.locator('.monaco-editor[data-uri$="settings.go"]').count(), 1));
    await command(page, 'Fuzzls: Choose How Coverage Is Shown');
    await choose(page, 'a border and a tint');
    await shown({});
    await eventually(async () => {
      const lines = await editorLines(page, 'settings.go');
      assert.deepEqual([28, 31, 32, 35].map((n) => lines[n].border[0]), ['solid', 'dashed', 'dotted', 'dotted']);
    });
    await screenshot(page, 'line-dark');
    for (const label of ['overview ruler only', 'nothing']) {
      await command(page, 'Fuzzls: Choose How Coverage Is Shown');
      await choose(page, label);
      await eventually(async () => assert.deepEqual((await editorLines(page, 'settings.go'))[28].border, []));
    }
    await command(page, 'Fuzzls: Choose How Coverage Is Shown');
    await choose(page, 'marks beside the line numbers');
    await shown(expected);
  });

  step('goes to the next and previous uncovered lines', async () => {
    await goToLine(page, 1);
    await page.keyboard.press('Alt+u');
    await cursorAt(page, 31);
    await goToLine(page, 60);
    await page.keyboard.press('Alt+Shift+u');
    await cursorAt(page, 31);
  });

  step('lists fuzz tests, crashes and files', async () => {
    const c = crash();
    fake.answer('fuzzls/files', { files: [{ uri: source, covered: 20, partly: 2, instrumented: 40 }] });
    fake.answer('fuzzls/history', { samples: Array.from({ length: 60 }, (_, i) => [1000 * i, Math.round(312 * (1 - Math.exp(-i / 12))), i * 40_000]) });
    crashes([c], []);
    status({ state: 'running', started: Date.now(), workers: 2, figures });
    await statusBar(page).click();
    const rows = page.locator('.sidebar .monaco-list-row');
    await rows.filter({ hasText: 'FuzzParse' }).filter({ hasText: '312/1,024 points' }).waitFor();
    await rows.filter({ hasText: 'index out of range' }).waitFor();
    await rows.filter({ hasText: 'settings.go' }).filter({ hasText: '18 uncovered' }).waitFor();
    await webview(page).getByText('310 points').first().waitFor();
    await rows.filter({ hasText: 'FuzzParse' }).first().click();
    await rows.filter({ hasText: 'inputs kept' }).waitFor();
    await screenshot(page, 'campaign-dark');
  });

  step('starts and stops from the views', async () => {
    fake.forget();
    await page.locator('.sidebar').getByRole('button', { name: 'Stop Fuzzing' }).first().click();
    await fake.command('fuzzls.stop');
    status({ state: 'idle', figures: { ...figures, runsPerSecond: 0 } });
    await page.locator('.sidebar .monaco-list-row').filter({ hasText: 'FuzzParse' }).first().hover();
    await page.locator('.sidebar .monaco-list-row').filter({ hasText: 'FuzzParse' }).first().getByRole('button', { name: 'Start Fuzzing' }).click();
    assert.deepEqual((await fake.command('fuzzls.start')).arguments, ['example.com/settings.FuzzParse']);
  });

  step('shows an error of a command as the server words it', async () => {
    fake.answer('fuzzls.showReport', { error: 'no campaign has run yet: start one with Fuzz' });
    await command(page, 'Fuzzls: Show Report');
    await page.locator('.notification-toast').filter({ hasText: 'no campaign has run yet' }).waitFor();
    await command(page, 'Notifications: Clear All');
  });

  step('runs fuzz tests from the Testing view, and shows native coverage', async () => {
    fake.answer('fuzzls.replay', { message: 'FuzzParse: 118 inputs, 1 crash', crashes: ['panic-1a2b'] });
    fake.answer('fuzzls/lines', { textDocument: { uri: source, version: 0 }, generation: 0, full: true, lines: [[27, 30, covered], [31, 33, uncovered]], summary: { covered: 20, partly: 2, instrumented: 40 } });
    await command(page, 'Test: Run All Tests with Coverage');
    await fake.command('fuzzls.replay');
    await command(page, 'Testing: Focus on Test Explorer View');
    await page.locator('.sidebar .monaco-list-row').filter({ hasText: 'settings.go' }).filter({ hasText: '55.00%' }).waitFor();
    await eventually(async () => assert.ok(Object.values(await editorLines(page, 'settings.go')).some((l) => l.native.length > 0), 'native coverage in the editor'));
    await screenshot(page, 'testing-dark');
  });

  step('takes little time to start', async (t) => {
    await command(page, 'Developer: Show Running Extensions');
    const row = page.locator('.runtime-extensions-editor .monaco-list-row, .editor-instance .monaco-list-row').filter({ hasText: 'Fuzzls' }).first();
    await row.locator('.activation-time').waitFor();
    t.diagnostic(`extension: ${await row.locator('.activation-time').innerText()} (code loaded, too)`);
    await page.keyboard.press('Escape');
    await row.waitFor({ state: 'detached' });
  });

  step('goes to the newest covered line', async () => {
    cover({ lines: [[27, 33, covered], [110, 120, covered]] });
    fake.answer('fuzzls/newest', { location: at(source, 110), time: Date.now() });
    await command(page, 'Fuzzls: Go to Newest Covered Line');
    await cursorAt(page, 111);
  });

  step('follows new coverage until the user scrolls', async () => {
    fake.answer('fuzzls/newest', { location: at(source, 12), time: 1000 });
    await command(page, 'Fuzzls: Follow New Coverage');
    await visible(13);
    fake.answer('fuzzls/newest', { location: at(source, 150), time: 2000 });
    await visible(151);
    fake.answer('fuzzls/newest', { location: at(source, 12), time: 3000 });
    await visible(13);
    await page.locator('.monaco-editor[data-uri$="settings.go"]').first().hover();
    await page.mouse.wheel(0, 600);
    await page.locator('.statusbar').getByText('no longer following new coverage').waitFor();
    fake.answer('fuzzls/newest', null);
  });

  step('fuzzes from the Testing view until the run is stopped', async () => {
    status({ state: 'idle' });
    fake.forget();
    await command(page, 'Testing: Focus on Test Explorer View');
    fake.answer('fuzzls/status', { tests: [test({ state: 'queued' })], workspaces: [] });
    const row = page.locator('.test-explorer .monaco-list-row').filter({ hasText: 'example.com/settings' }).first();
    await row.click({ button: 'right' });
    await page.locator('.monaco-menu').getByText('Execute Using Profile...').click();
    await choose(page, 'Fuzz');
    assert.deepEqual((await fake.command('fuzzls.start')).arguments, ['example.com/settings.FuzzParse']);
    status({ state: 'running', started: Date.now(), workers: 2, figures });
    await row.locator('.codicon-loading, .codicon-testing-loading-icon').first().waitFor();
    await screenshot(page, 'testing-fuzz');
    await page.locator('.sidebar .title-actions, .sidebar .pane-header').getByRole('button', { name: 'Cancel Test Run' }).first().click();
    assert.deepEqual((await fake.command('fuzzls.stop')).arguments, ['example.com/settings.FuzzParse']);
    status({ state: 'idle', figures: { ...figures, runsPerSecond: 0 } });
    await row.locator('.codicon-loading, .codicon-testing-loading-icon').first().waitFor({ state: 'detached' });
  });

  step('paints a renamed file anew', async () => {
    cover({ lines: [[27, 29, covered]] });
    await goToLine(page, 28);
    await command(page, 'File: Reveal Active File in Explorer View');
    await page.locator('.explorer-folders-view .monaco-list-row.selected').filter({ hasText: 'settings.go' }).waitFor();
    await page.locator('.explorer-folders-view .monaco-list').focus();
    await page.keyboard.press('F2');
    const input = page.locator('.explorer-folders-view .monaco-inputbox input');
    await input.fill('renamed.go');
    await input.press('Enter');
    const renamed = source.replace('settings.go', 'renamed.go');
    await fake.hears('textDocument/didClose', (p) => p.textDocument.uri === source);
    await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === renamed);
    await eventually(async () => assert.deepEqual(await marks(page, 'renamed.go'), {}));
    fake.notify('fuzzls/coverage', { textDocument: { uri: renamed, version: 1 }, generation: 1, full: true, lines: [[27, 27, covered], [28, 28, uncovered]], summary: { covered: 1, partly: 0, instrumented: 2 } });
    await eventually(async () => assert.deepEqual(await marks(page, 'renamed.go'), { 28: 'covered', 29: 'uncovered' }));
    fake.forget();
    renameSync(fileURLToPath(renamed), fileURLToPath(source));
    await openFile(page, 'settings.go');
    await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === source);
    generation = 0;
  });

  for (const [theme, name, kind, color] of [['Default Light Modern', 'light', 'vs', '#2a8a3e'], ['Default High Contrast', 'hc', 'hc-black', '#4df58a'], ['Default High Contrast Light', 'hc-light', 'hc-light', '#006b1f']]) {
    step(`has marks for the theme ${theme}`, async () => {
      vscode.setSettings({ ...settings, 'workbench.colorTheme': theme });
      await page.locator(`.monaco-workbench.${kind}`).waitFor();
      const c = { ...crash(), location: at(source, 36) };
      crashes([c], []);
      cover({ lines: [[27, 29, covered], [30, 30, partly], [31, 33, uncovered], [34, 34, stale], [35, 36, covered]], entries: [26], fresh: [[28, -3_600_000]] });
      await goToLine(page, 28);
      await shown({ 27: 'entry', 28: 'covered', 29: 'fresh0', 30: 'covered', 31: 'partly', 32: 'uncovered', 33: 'uncovered', 34: 'uncovered', 35: 'stale', 36: 'covered', 37: 'crash' });
      await eventually(async () => assert.ok((await markColors(page, 'settings.go')).covered === color));
      await screenshot(page, `gutter-${name}`);
      vscode.setSettings({ ...settings, 'workbench.colorTheme': theme, 'fuzzls.coverage.display': 'line' });
      await eventually(async () => {
        const lines = await editorLines(page, 'settings.go');
        assert.deepEqual([28, 31, 32, 35].map((n) => lines[n].border[0]), ['solid', 'dashed', 'dotted', 'dotted']);
      });
      await screenshot(page, `line-${name}`);
      vscode.setSettings({ ...settings, 'workbench.colorTheme': theme });
      await shown({ 27: 'entry', 28: 'covered', 29: 'fresh0', 30: 'covered', 31: 'partly', 32: 'uncovered', 33: 'uncovered', 34: 'uncovered', 35: 'stale', 36: 'covered', 37: 'crash' });
      await command(page, 'Fuzzls: Open Reproducer');
      await reproducer(page).locator('pre.hex:visible').first().waitFor();
      await screenshot(page, `reproducer-${name}`);
      crashes([], []);
      await page.locator('.tab').filter({ hasText: 'Crash: FuzzParse' }).waitFor({ state: 'detached' });
    });
  }

  step('paints soon after it is told', async (t) => {
    const times = [];
    for (let i = 0; i < 40; i++) {
      const line = 27 + (i % 2);
      const painted = nextMarks(page, line + 1);
      await painted.watching;
      const start = Date.now();
      cover({ lines: [[line, line, covered]] });
      times.push(await painted.at - start);
    }
    times.sort((a, b) => a - b);
    t.diagnostic(`from a notification to the painted mark: median ${times[20]} ms, p95 ${times[37]} ms`);
  });

  step('leaves nothing behind when the server ends, and comes back', async () => {
    fake.answer('fuzzls/status', { tests: [], workspaces: [] });
    fake.answer('fuzzls/crashes', { crashes: [], fresh: [] });
    generation = 0;
    fake.exit(1);
    await shown({});
    await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === source);
    cover({ lines: [[27, 27, covered]] });
    await shown({ 28: 'covered' });
  });

  step('gives up on a server that ends again and again, with one message and a way out', async () => {
    for (let i = 0; i < 3; i++) {
      await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === source);
      fake.exit(1);
      await shown({});
    }
    const toast = page.locator('.notification-toast').filter({ hasText: 'ended unexpectedly several times' });
    await toast.waitFor();
    assert.equal(await toast.count(), 1);
    await screenshot(page, 'server-ended');
    await toast.getByText('Start Again').click();
    await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === source);
    await statusBar(page).getByText('Fuzzls').waitFor();
  });
});
