// Source that changes under an open editor: git brings another version, a file gets another
// name.
import assert from 'node:assert/strict';
import { command, eventually, goToLine, marks, openFile, renameActiveFile, screenshot } from '../page.mjs';
import { patient } from '../realWorkbench.mjs';

export function versionSteps(step) {
  step('moves marks with the lines when git checks another version out, and back', async (w) => {
    const { page } = w;
    const built = w.coverMarks();
    const added = w.line("if i >= len(s) || s[i] == 'x'");
    const earlier = Object.fromEntries(Object.entries(built).map(([line, mark]) => [Number(line), mark]).filter(([line]) => line !== added).map(([line, mark]) => [line < added ? line : line - 1, mark]));
    w.commit('a fix');
    await w.checkout('HEAD~1');
    await eventually(async () => assert.deepEqual(await w.allMarks(), earlier), patient);
    await screenshot(page, 'real-checkout');
    await w.checkout('main');
    await eventually(async () => assert.deepEqual(await w.allMarks(), built), patient);
  });

  step('leaves nothing in a renamed file, and paints it when it is built', async (w) => {
    const { page } = w;
    await renameActiveFile(page, 'settings.go', 'renamed.go');
    await page.locator('.monaco-editor[data-uri$="/renamed.go"]').waitFor();
    await eventually(async () => assert.deepEqual(await marks(page, 'renamed.go'), {}), patient);
    await command(page, 'Fuzzls: Start Fuzzing All Fuzz Tests');
    await openFile(page, 'renamed.go');
    const line = w.line('file := File{}', 'renamed.go');
    await goToLine(page, line);
    await eventually(async () => assert.match((await marks(page, 'renamed.go'))[line], /^(covered|fresh\d)$/), patient);
    await command(page, 'Fuzzls: Stop Fuzzing');
    await w.stopped();
  });
}
