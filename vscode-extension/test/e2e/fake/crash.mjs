// A crash: told once, marked at its line, and shown with what can be done with it.
import assert from 'node:assert/strict';
import { covered, figures } from '../fakeWorkbench.mjs';
import { command, editorLines, eventually, marks, notifications, reproducer, screenshot, statusBar } from '../page.mjs';

export function crashSteps(step) {
  step('tells of a crash once, marks its line and opens its reproducer', async (w) => {
    const { page, fake } = w;
    const told = await notifications(page);
    const c = w.crash();
    fake.answer('fuzzls/reproducer', { values: [{ type: '[]byte', text: '[]byte("[cache]\\nsize = 64MiB")', bytes: Buffer.from('[cache]\nsize = 64MiB').toString('base64') }], size: 20, uri: c.reproducer });
    w.cover({ lines: [[32, 40, covered]] });
    w.crashes([c], [c.signature]);
    const toast = page.locator('.notification-toast').filter({ hasText: 'index out of range' });
    await toast.waitFor();
    await eventually(async () => {
      const line = (await editorLines(page, 'settings.go'))[35];
      assert.deepEqual(line.stripe, ['crash']);
      assert.deepEqual(line.squiggle, ['error']);
    });
    await screenshot(page, 'crash-dark');
    await command(page, 'Problems: Focus on Problems View');
    await page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'index out of range' }).waitFor();
    await command(page, 'View: Hide Panel');
    await toast.getByText('Open Reproducer').click();
    assert.deepEqual(await fake.hears('fuzzls/reproducer'), { signature: c.signature });
    const body = reproducer(page);
    await body.getByText('index out of range [5] with length 5').waitFor();
    await body.locator('pre.hex:visible').getByText('5b 63 61 63 68 65 5d').waitFor();
    // Told again, with and without being called new, and then something that can be seen.
    w.crashes([c], []);
    w.crashes([c], [c.signature]);
    w.status({ state: 'running', started: Date.now(), workers: 2, figures });
    await statusBar(page).getByText('45.1k/s · 312/1,024').waitFor();
    assert.equal((await told()).filter((message) => message.includes('index out of range')).length, 1);
  });

  step('passes on what is done with a crash', async (w) => {
    const { page, fake } = w;
    const body = reproducer(page);
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
    w.crashes([], []);
    await page.locator('.tab').filter({ hasText: 'Crash: FuzzParse' }).waitFor({ state: 'detached' });
    await eventually(async () => assert.notEqual((await marks(page, 'settings.go'))[35], 'crash'));
  });
}
