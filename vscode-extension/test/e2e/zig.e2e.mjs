// The extension in a real workbench with the server that is in the .vsix, and a package in
// Zig: what editors see of Go is seen of Zig.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { command, eventually, marks, reproducer, screenshot } from './page.mjs';
import { patient, RealWorkbench } from './realWorkbench.mjs';
import { story } from './story.mjs';

/** Where scripts/setup puts the version of Zig that can be fuzzed. */
const zig = path.join(homedir(), '.cache/fuzzls/zig-0.16.0/ziglang/zig');
/** The compiler makes Zig's own libraries first, for this workspace alone; ms. */
const compiled = 3 * patient;
const file = 'src/deque.zig';

if (!existsSync(zig)) {
  console.error(`NOT TESTED: Zig in VS Code: ${zig} is missing: run scripts/setup`);
  process.exit(process.env.CI === 'true' ? 1 : 0);
}

story('with a package in Zig', () => RealWorkbench.open('script', file, file, { 'fuzzls.zig.path': zig }), (step) => {
  step('shows the actions above a fuzz test', async (w) => {
    // The fuzz test is at the end of the file. A key that the starting workbench does not
    // take does no harm.
    await eventually(async () => {
      await w.page.keyboard.press('Control+End');
      await w.lens('Fuzz').first().waitFor({ timeout: 2_000 });
    }, patient);
  });

  step('tells of a crash, and opens its reproducer', async (w) => {
    const { page } = w;
    await w.lens('Fuzz').first().click();
    const toast = page.locator('.notification-toast').filter({ hasText: 'Open Reproducer' }).first();
    await toast.waitFor({ timeout: compiled });
    await toast.getByText('Open Reproducer').click();
    const body = reproducer(page);
    await body.getByRole('heading', { name: 'Input' }).waitFor();
    await command(page, 'Notifications: Clear All');
    await body.getByRole('button', { name: 'Go to Crash' }).click();
    await page.locator('.squiggly-error').first().waitFor();
    await eventually(async () => assert.equal((await marks(page, file))[w.line('const value = d.ring[d.head];')], 'crash'), patient);
    await screenshot(page, 'zig-crash');
  });

  step('says that the crash still fails', async ({ page }) => {
    await command(page, 'Fuzzls: Stop Fuzzing');
    await reproducer(page).getByRole('button', { name: 'Replay' }).click();
    await page.locator('.notification-toast').filter({ hasText: 'still fails' }).waitFor({ timeout: compiled });
    await command(page, 'Notifications: Clear All');
  });

  step('marks the lines as fuzzls cover does, and leaves no process', async (w) => {
    await w.stopped();
    await command(w.page, 'View: Focus First Editor Group'); // beside the reproducer
    await eventually(() => assert.deepEqual(w.workers().map((p) => p.command), []), patient);
    const crashed = w.line('const value = d.ring[d.head];');
    await eventually(async () => {
      const expected = w.coverMarks();
      assert.ok(Object.keys(expected).length > 20);
      const seen = await w.allMarks();
      assert.equal(seen[crashed], 'crash'); // which the command does not tell of
      delete seen[crashed];
      delete expected[crashed];
      assert.deepEqual(seen, expected);
    }, patient);
    await screenshot(w.page, 'zig-coverage');
  });
});
