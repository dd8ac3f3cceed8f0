// Following what is found.
import assert from 'node:assert/strict';
import { at, covered } from '../fakeWorkbench.mjs';
import { command, cursorAt, eventually, visibleLines } from '../page.mjs';

export function followSteps(step) {
  step('goes to the newest covered line', async (w) => {
    w.cover({ lines: [[27, 33, covered], [110, 120, covered]] });
    w.fake.answer('fuzzls/newest', { location: at(w.source, 110), time: Date.now() });
    await command(w.page, 'Fuzzls: Go to Newest Covered Line');
    await cursorAt(w.page, 111);
  });

  step('follows new coverage until the user scrolls', async ({ page, fake, source }) => {
    const visible = (line) => eventually(async () => assert.ok((await visibleLines(page, 'settings.go')).includes(line)));
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
}
