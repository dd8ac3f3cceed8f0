// Each theme has marks of its own colors; the pictures show all of them at once.
import assert from 'node:assert/strict';
import { covered, partly, stale, uncovered } from '../fakeWorkbench.mjs';
import { command, editorLines, eventually, goToLine, markColors, partOf, reproducer, screenshot } from '../page.mjs';

/** VS Code's own themes, the class of the workbench under them, and the color of covered lines. */
const themes = [
  ['Default Light Modern', 'light', 'vs', '#2a8a3e'],
  ['Default High Contrast', 'hc', 'hc-black', '#4df58a'],
  ['Default High Contrast Light', 'hc-light', 'hc-light', '#006b1f'],
  ['Default Dark Modern', 'dark', 'vs-dark', '#4dab5f'],
];

/** All marks on code that could have them; lines are from 0. */
const scene = {
  lines: [[32, 36, covered], [37, 37, partly], [38, 40, covered], [41, 43, uncovered], [45, 46, stale], [48, 49, covered], [50, 52, uncovered]],
  entries: [33], fresh: [[39, -3_600_000], [40, -3_600_000]],
};
const shown = {
  33: 'covered', 34: 'entry', 35: 'covered', 36: 'covered', 37: 'covered', 38: 'partly', 39: 'covered', 40: 'fresh0', 41: 'fresh0',
  42: 'uncovered', 43: 'uncovered', 44: 'uncovered', 46: 'stale', 47: 'stale', 49: 'crash', 50: 'covered', 51: 'uncovered', 52: 'uncovered', 53: 'uncovered',
};

export function themeSteps(step) {
  for (const [theme, name, kind, color] of themes) {
    step(`has marks for the theme ${theme}`, async (w) => {
      const { page, vscode, settings } = w;
      await vscode.setSettings(page, { ...settings, 'workbench.colorTheme': theme });
      await page.locator(`.monaco-workbench.${kind}`).waitFor();
      w.crashes([w.crash({ location: { uri: w.source, range: { start: { line: 48, character: 2 }, end: { line: 48, character: 47 } } } })], []);
      w.cover(scene);
      await goToLine(page, 40);
      await w.shown(shown);
      await eventually(async () => assert.equal((await markColors(page, 'settings.go')).covered, color));
      await screenshot(page, `gutter-${name}`);
      if (name === 'dark') await screenshot(page, 'part-coverage', await partOf(page, 'settings.go', 33, 53, 560));
      await vscode.setSettings(page, { ...settings, 'workbench.colorTheme': theme, 'fuzzls.coverage.display': 'line' });
      // Tints would make text harder to read in high contrast: there are none but of new lines.
      await eventually(async () => assert.equal((await editorLines(page, 'settings.go'))[33].background.length, name.startsWith('hc') ? 0 : 1));
      await w.shown(shown);
      await screenshot(page, `line-${name}`);
      await vscode.setSettings(page, { ...settings, 'workbench.colorTheme': theme });
      await w.shown(shown);
      await command(page, 'Fuzzls: Open Reproducer');
      await reproducer(page).locator('pre.hex:visible').first().waitFor();
      await screenshot(page, `reproducer-${name}`);
      w.crashes([], []);
      await page.locator('.tab').filter({ hasText: 'Crash: FuzzParse' }).waitFor({ state: 'detached' });
    });
  }
}
