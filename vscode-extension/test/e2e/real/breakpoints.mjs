// Breakpoints on lines with coverage: set with a click or F9, seen and removed, in each mode.
import assert from 'node:assert/strict';
import { clickGlyphMargin, editorLines, eventually, goToLine, marks, screenshot } from '../page.mjs';

export function breakpointSteps(step) {
  for (const mode of ['gutter', 'line', 'ruler', 'off']) {
    step(`leaves breakpoints reachable in the mode ${mode}`, async (w) => {
      const { page, vscode, settings } = w;
      await vscode.setSettings(page, { ...settings, 'fuzzls.coverage.display': mode });
      const [clicked, keyed] = [w.line('section = name + "."'), w.line('value, err := parseValue(strings')];
      await goToLine(page, keyed);
      const shown = mode === 'gutter' || mode === 'line' ? w.coverMarks() : {};
      await eventually(async () => assert.equal((await marks(page, 'settings.go'))[clicked], shown[clicked]));
      await clickGlyphMargin(page, 'settings.go', clicked);
      await page.keyboard.press('F9');
      const breakpoints = async () => {
        const lines = await editorLines(page, 'settings.go');
        return Object.keys(lines).map(Number).filter((n) => lines[n].gutter.some((glyph) => glyph.startsWith('debug-breakpoint')));
      };
      await eventually(async () => assert.deepEqual(await breakpoints(), [clicked, keyed]));
      for (const line of [clicked, keyed]) assert.equal((await marks(page, 'settings.go'))[line], shown[line]);
      await screenshot(page, `breakpoints-${mode}`);
      await clickGlyphMargin(page, 'settings.go', clicked);
      await clickGlyphMargin(page, 'settings.go', keyed);
      await eventually(async () => assert.deepEqual(await breakpoints(), []));
      await vscode.setSettings(page, settings);
    });
  }
}
