// Coverage while the source is edited, split and shown in other colors.
import assert from 'node:assert/strict';
import { command, cursorAt, eventually, goToLine, marks, openFile, pressAt, screenshot } from '../page.mjs';
import { patient } from '../realWorkbench.mjs';

/** A line that was covered all the time. */
const known = 'file := File{}';
const isCovered = (mark) => /^(covered|fresh\d)$/.test(mark);

export function editSteps(step) {
  step('moves marks with the lines, and has them back after an undo', async (w) => {
    const { page } = w;
    await command(page, 'View: Focus First Editor Group');
    await openFile(page, 'settings.go');
    await goToLine(page, w.line(known));
    const before = await marks(page, 'settings.go');
    const line = w.line(known);
    assert.ok(isCovered(before[line]), before[line]);
    await pressAt(page, line, 'Enter', line + 1);
    await eventually(async () => {
      const after = await marks(page, 'settings.go');
      assert.equal(after[line], undefined);
      assert.ok(isCovered(after[line + 1]));
    }, patient);
    await page.keyboard.press('Control+z');
    await eventually(async () => assert.ok(isCovered((await marks(page, 'settings.go'))[line])), patient);
  });

  step('marks edited lines stale, and has them back after an undo', async (w) => {
    const { page } = w;
    const line = w.line(known);
    await goToLine(page, line);
    await page.keyboard.press('End');
    // Without a blank, so that one undo takes it back.
    await page.keyboard.type('//edited');
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[line], 'stale'), patient);
    await screenshot(page, 'real-stale');
    await page.keyboard.press('Control+z');
    await eventually(async () => assert.ok(isCovered((await marks(page, 'settings.go'))[line])), patient);
  });

  step('keeps a crash marked while its line is edited', async (w) => {
    const { page } = w;
    const line = w.line('a backslash may be the last byte');
    await goToLine(page, line);
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[line], 'crash'), patient);
    await page.keyboard.press('End');
    await page.keyboard.type('!');
    await cursorAt(page, line);
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[line], 'crash'), patient);
    await page.keyboard.press('Control+z');
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[line], 'crash'), patient);
  });
}
