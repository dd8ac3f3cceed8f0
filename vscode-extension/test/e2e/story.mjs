// Defines story: steps in one workbench, told one after another.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { screenshot } from './page.mjs';

/**
 * Declares tests that share a workbench. Each step needs what the ones before it did: after
 * one that fails, with a picture, the others fail at once.
 * @param {string} name of the story and, in short, of its pictures
 * @param {() => Promise<{page: import('playwright-core').Page, close: () => Promise<void>}>} open makes the workbench
 * @param {(step: (name: string, f: (workbench, t) => Promise<void>) => void) => void} tell declares the steps
 */
export function story(name, open, tell) {
  describe(name, () => {
    let workbench, broken;
    before(async () => { workbench = await open(); }, { timeout: 180_000 });
    after(async () => { await workbench?.close(); });
    tell((title, f) => it(title, async (t) => {
      assert.ok(!broken, `not tried, for "${broken}" failed`);
      try {
        await f(workbench, t);
      } catch (error) {
        broken = title;
        await screenshot(workbench.page, `failed-${title.replace(/\W+/g, '-')}`).catch(() => { /* the page is gone */ });
        throw error;
      }
    }));
  });
}
