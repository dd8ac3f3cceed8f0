// Coverage in the editor: each state has its mark, which moves with the text and fades.
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { covered, partly, stale, uncovered } from '../fakeWorkbench.mjs';
import { choose, command, cursorAt, editorLines, eventually, goToLine, marks, openFile, renameActiveFile, screenshot, statusBar } from '../page.mjs';

const states = [[27, 29, covered], [30, 30, partly], [31, 33, uncovered], [34, 34, stale]];

export function coverageSteps(step) {
  step('starts the server, opts in and opens the document', async (w) => {
    const params = await w.fake.hears('initialize');
    assert.deepEqual(params.capabilities.experimental, { fuzzls: true });
    assert.equal(params.initializationOptions.trusted, true);
    assert.equal(params.initializationOptions.settings.timeout, '10s');
    await w.fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === w.source);
    await statusBar(w.page).getByText('Fuzzls').waitFor();
  });

  step('paints each state with its own mark', async (w) => {
    w.cover({ lines: states, entries: [26] });
    await w.shown({ 27: 'entry', 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'uncovered', 33: 'uncovered', 34: 'uncovered', 35: 'stale' });
  });

  step('applies differences, and moves marks at once with edits that the server has not seen', async (w) => {
    w.cover({ full: false, lines: [[31, 31, covered]] });
    await w.shown({ 27: 'entry', 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'covered', 33: 'uncovered', 34: 'uncovered', 35: 'stale' });
    await goToLine(w.page, 29);
    await w.page.keyboard.press('Enter');
    await w.shown({ 27: 'entry', 28: 'covered', 30: 'covered', 31: 'covered', 32: 'partly', 33: 'covered', 34: 'uncovered', 35: 'uncovered', 36: 'stale' });
    // What the server now says is of the text before the edit.
    w.cover({ full: false, lines: [[32, 32, covered]] });
    await w.shown({ 27: 'entry', 28: 'covered', 30: 'covered', 31: 'covered', 32: 'partly', 33: 'covered', 34: 'covered', 35: 'uncovered', 36: 'stale' });
    await w.page.keyboard.press('Control+z');
    await w.shown({ 27: 'entry', 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'covered', 33: 'covered', 34: 'uncovered', 35: 'stale' });
  });

  step('lets newly covered lines fade', async (w) => {
    // Covered in the future: it stays fresh, however slow the machine is.
    w.cover({ lines: [[27, 33, covered]], fresh: [[33, -3_600_000]] });
    await w.shown({ 28: 'covered', 29: 'covered', 30: 'covered', 31: 'covered', 32: 'covered', 33: 'covered', 34: 'fresh0' });
    await screenshot(w.page, 'fresh-dark');
    w.cover({ lines: [[27, 33, covered]], fresh: [[33, 4_000]] });
    await eventually(async () => assert.equal((await marks(w.page, 'settings.go'))[34], 'covered'));
  });

  step('paints both editors of a split, and each mode in its place', async (w) => {
    const { page } = w;
    w.cover({ lines: states });
    await page.keyboard.press('Control+\\');
    const expected = { 28: 'covered', 29: 'covered', 30: 'covered', 31: 'partly', 32: 'uncovered', 33: 'uncovered', 34: 'uncovered', 35: 'stale' };
    for (const index of [0, 1]) await w.shown(expected, index);
    await command(page, 'View: Close Editor');
    await eventually(async () => assert.equal(await page.locator('.monaco-editor[data-uri$="settings.go"]').count(), 1));
    await command(page, 'Fuzzls: Choose How Coverage Is Shown');
    await choose(page, 'a stripe and a tint');
    await eventually(async () => {
      const lines = await editorLines(page, 'settings.go');
      assert.deepEqual([28, 31, 32].map((n) => lines[n].background.length), [1, 1, 1]);
    });
    for (const label of ['overview ruler only', 'nothing']) {
      await command(page, 'Fuzzls: Choose How Coverage Is Shown');
      await choose(page, label);
      await eventually(async () => assert.deepEqual((await editorLines(page, 'settings.go'))[28].stripe, []));
    }
    await command(page, 'Fuzzls: Choose How Coverage Is Shown');
    await choose(page, 'a stripe beside the line numbers');
    await w.shown(expected);
  });

  step('goes to the next and previous uncovered lines', async ({ page }) => {
    await goToLine(page, 1);
    await page.keyboard.press('Alt+u');
    await cursorAt(page, 31);
    await goToLine(page, 60);
    await page.keyboard.press('Alt+Shift+u');
    await cursorAt(page, 31);
  });

  step('paints a renamed file anew', async (w) => {
    const { page, fake, source } = w;
    w.cover({ lines: [[27, 29, covered]] });
    await goToLine(page, 28);
    await renameActiveFile(page, 'settings.go', 'renamed.go');
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
    w.generation = 0;
    await command(page, 'View: Close Other Editors in Group');
    await page.locator('.tab').filter({ hasText: 'renamed.go' }).waitFor({ state: 'detached' });
  });
}
