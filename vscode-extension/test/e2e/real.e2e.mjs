// The extension in a real workbench with the server that is in the .vsix: finds, builds and
// fuzzes the example module. The pictures of the README are made here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import path from 'node:path';
import { command, editorLines, eventually, goToLine, marks, screenshot, statusBar, webview } from './page.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from './vscode.mjs';

const workspace = path.resolve(root, '../examples/settings');
/** Building and fuzzing take their time on a machine that does other things, too. */
const patient = 120_000;

describe('with the real server', () => {
  let vscode, browser, page;

  // Each step needs what the ones before it did.
  let broken = false;
  const step = (name, f) => it(name, async () => {
    assert.ok(!broken, 'an earlier step failed');
    try {
      await f();
    } catch (error) {
      broken = true;
      if (page) await screenshot(page, `failed-${name.replace(/\W+/g, '-')}`);
      throw error;
    }
  });
  const lens = (text) => page.locator('.codelens-decoration a', { hasText: text });
  const openFile = async (name) => {
    await page.keyboard.press('Control+p');
    const input = page.locator('.quick-input-widget:visible input').first();
    await input.waitFor();
    await input.fill(name);
    await page.locator('.quick-input-list .monaco-list-row').filter({ has: page.getByText(name, { exact: true }) }).first().click();
    await page.locator(`.monaco-editor[data-uri$="${name}"]`).first().waitFor();
  };

  before(async () => {
    // The user's own go, with its own caches, whatever HOME is in the test.
    const [cache, modules] = execFileSync('go', ['env', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' }).trim().split('\n');
    vscode = await startVSCode({ workspace, env: { GOCACHE: cache, GOMODCACHE: modules }, settings: { 'fuzzls.server.logLevel': 'debug' } });
    browser = await startBrowser();
    page = await openWorkbench(browser, vscode, 'settings_test.go');
  });
  after(async () => {
    if (page) await screenshot(page, 'real-last').catch(() => {});
    await browser?.close();
    await vscode?.stop();
  });

  step('shows the actions above each fuzz test', async () => {
    await lens('Fuzz').first().waitFor({ timeout: patient });
    await screenshot(page, 'real-lens');
  });

  step('builds and fuzzes on a click, with live figures', async () => {
    await lens('Fuzz').first().click();
    await lens('Stop').first().waitFor({ timeout: patient });
    await eventually(async () => assert.match(await statusBar(page).innerText(), /\/s · [\d,]+\/[\d,]+/), patient);
    await eventually(async () => assert.ok(await lens('points').count() > 0), patient);
    await screenshot(page, 'real-running');
  });

  step('paints what the campaign reaches', async () => {
    await openFile('settings.go');
    await goToLine(page, 50);
    await eventually(async () => {
      const found = Object.values(await marks(page, 'settings.go'));
      assert.ok(found.filter((mark) => mark === 'covered' || mark.startsWith('fresh')).length >= 5, found.join());
    }, patient);
  });

  step('tells of a crash, and opens its reproducer', async () => {
    const toast = page.locator('.notification-toast').filter({ hasText: 'Open Reproducer' }).first();
    await toast.waitFor({ timeout: patient });
    await toast.getByText('Open Reproducer').click();
    const body = webview(page);
    await body.getByRole('heading', { name: 'Input' }).waitFor();
    await body.locator('pre.hex:visible').first().waitFor();
    await command(page, 'Notifications: Clear All');
    await body.getByRole('button', { name: 'Go to Crash' }).click();
    await page.locator('.squiggly-error').first().waitFor();
    await eventually(async () => assert.ok(Object.values(await marks(page, 'settings.go')).includes('crash')), patient);
    await body.locator('pre.hex:visible').first().waitFor();
    await screenshot(page, 'real-crash');
  });

  step('lists everything in the campaign view', async () => {
    await statusBar(page).click();
    const rows = page.locator('.sidebar .monaco-list-row');
    await rows.filter({ hasText: 'FuzzParse' }).first().waitFor();
    await rows.filter({ hasText: 'settings.go' }).filter({ hasText: 'uncovered' }).waitFor({ timeout: patient });
    await screenshot(page, 'real-campaign');
  });

  step('marks edited lines stale, and has them back after an undo', async () => {
    await openFile('settings.go');
    const before = await eventually(async () => {
      const found = await marks(page, 'settings.go');
      const line = Object.keys(found).map(Number).find((n) => found[n] === 'covered');
      assert.ok(line);
      return line;
    }, patient);
    await goToLine(page, before);
    await page.keyboard.press('End');
    await page.keyboard.type(' // edited');
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[before], 'stale'), patient);
    await page.keyboard.press('Control+z');
    await eventually(async () => assert.ok(['covered', 'fresh0', 'fresh1', 'fresh2'].includes((await marks(page, 'settings.go'))[before])), patient);
  });

  step('stops, and keeps what was covered', async () => {
    await command(page, 'Fuzzls: Stop Fuzzing');
    await eventually(async () => assert.doesNotMatch(await statusBar(page).innerText(), /\/s/), patient);
    assert.ok(Object.keys(await marks(page, 'settings.go')).length > 0);
  });

  step('clears the coverage', async () => {
    await command(page, 'Fuzzls: Clear Coverage');
    await eventually(async () => {
      const lines = Object.values(await editorLines(page, 'settings.go'));
      assert.ok(!lines.some((line) => line.gutter.includes('covered')));
    }, patient);
  });
});
