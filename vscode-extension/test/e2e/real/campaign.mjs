// From a module that was just opened to a running campaign, whose coverage grows.
import assert from 'node:assert/strict';
import { command, eventually, goToLine, marks, openFile, partOf, reproducer, screenshot, statusBar, webview } from '../page.mjs';
import { patient } from '../realWorkbench.mjs';

const isCovered = (mark) => mark === 'covered' || /^fresh\d$/.test(mark);

export function campaignSteps(step) {
  step('shows the actions above each fuzz test', async (w) => {
    await w.lens('Fuzz').first().waitFor({ timeout: patient });
    await screenshot(w.page, 'real-lens');
    await screenshot(w.page, 'part-lens', await partOf(w.page, 'settings_test.go', 19, 33, 720));
  });

  step('paints what a fuzz test reaches', async (w) => {
    const { page } = w;
    await goToLine(page, w.text('settings_test.go').findIndex((line) => line.startsWith('func FuzzSize')) + 2);
    await command(page, 'Fuzzls: Start Fuzzing at the Cursor');
    await openFile(page, 'settings.go');
    await goToLine(page, w.line('func parseNumber'));
    await eventually(async () => assert.ok(isCovered((await marks(page, 'settings.go'))[w.line('digits := 0')])), patient);
    await goToLine(page, w.line('file := File{}'));
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[w.line('file := File{}')], 'uncovered'), patient);
  });

  step('paints more when another one is started with a click above it', async (w) => {
    const { page } = w;
    await openFile(page, 'settings_test.go');
    await goToLine(page, 1);
    await w.lens('Fuzz').first().click();
    await w.lens('Stop').first().waitFor({ timeout: patient });
    await eventually(async () => assert.match(await statusBar(page).innerText(), /\/s · [\d,]+\/[\d,]+/), patient);
    await eventually(async () => {
      const lenses = await page.locator('.codelens-decoration').allInnerTexts();
      assert.ok(lenses.some((text) => text.includes('points')) && !lenses.some((text) => text.includes('starting')), lenses.join('\n'));
    }, patient);
    await screenshot(page, 'real-running');
    await openFile(page, 'settings.go');
    await goToLine(page, w.line('file := File{}'));
    await eventually(async () => assert.ok(isCovered((await marks(page, 'settings.go'))[w.line('file := File{}')])), patient);
  });

  step('tells of a crash, and opens its reproducer', async ({ page }) => {
    const toast = page.locator('.notification-toast').filter({ hasText: 'Open Reproducer' }).first();
    await toast.waitFor({ timeout: patient });
    await toast.getByText('Open Reproducer').click();
    const body = reproducer(page);
    await body.getByRole('heading', { name: 'Input' }).waitFor();
    await command(page, 'Notifications: Clear All');
    await body.getByRole('button', { name: 'Go to Crash' }).click();
    await page.locator('.squiggly-error').first().waitFor();
    await eventually(async () => assert.ok(Object.values(await marks(page, 'settings.go')).includes('crash')), patient);
    await body.locator('pre.hex:visible').first().waitFor();
    await screenshot(page, 'real-crash');
    await screenshot(page, 'part-crash', { x: 352, y: 36, width: 924, height: 620 });
  });

  step('lists everything in the campaign view', async ({ page }) => {
    await statusBar(page).click();
    const rows = page.locator('.sidebar .monaco-list-row');
    await rows.filter({ hasText: 'FuzzParse' }).first().waitFor();
    await rows.filter({ hasText: 'settings.go' }).filter({ hasText: 'uncovered' }).waitFor({ timeout: patient });
    const plot = webview(page, 'sidebar').locator('#plot');
    await plot.getByText('FuzzParse').waitFor({ timeout: patient });
    // A curve that has not risen since the first sample is flat: to Playwright, it is not visible.
    await plot.locator('> svg .curve[d*="H"]').first().waitFor({ state: 'attached', timeout: patient });
    await screenshot(page, 'real-campaign');
  });
}
