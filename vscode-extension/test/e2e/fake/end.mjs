// The server's end: once, and again and again.
import assert from 'node:assert/strict';
import { covered } from '../fakeWorkbench.mjs';
import { screenshot, statusBar } from '../page.mjs';

export function endSteps(step) {
  const opened = (w) => w.fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === w.source);

  step('leaves nothing behind when the server ends, and comes back', async (w) => {
    w.fake.answer('fuzzls/status', { tests: [], workspaces: [] });
    w.fake.answer('fuzzls/crashes', { crashes: [], fresh: [] });
    w.generation = 0;
    w.fake.exit(1);
    await w.shown({});
    await opened(w);
    w.cover({ lines: [[38, 38, covered]] });
    await w.shown({ 39: 'covered' });
  });

  step('gives up on a server that ends again and again, with one message and a way out', async (w) => {
    const { page, fake } = w;
    for (let i = 0; i < 3; i++) {
      await opened(w);
      fake.exit(1);
      await w.shown({});
    }
    const toast = page.locator('.notification-toast').filter({ hasText: 'ended unexpectedly several times' });
    await toast.waitFor();
    assert.equal(await toast.count(), 1);
    await screenshot(page, 'server-ended');
    await toast.getByText('Start Again').click();
    await opened(w);
    await statusBar(page).getByText('Fuzzls').waitFor();
  });
}
