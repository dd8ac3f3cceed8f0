// The extension in a real workbench with the server that is in the .vsix: finds, builds and
// fuzzes the example module. The pictures of the README are made here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import path from 'node:path';
import { allMarks, command, cursorAt, editorLines, eventually, goToLine, marks, openFile, reproducer, screenshot, statusBar } from './page.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from './vscode.mjs';

const workspace = path.resolve(root, '../examples/settings');
/** Building and fuzzing take their time on a machine that does other things, too. */
const patient = 90_000;

describe('with the real server', () => {
  let vscode, browser, page;

  // Each step needs what the ones before it did.
  let broken = false;
  const step = (name, f) => it(name, async (t) => {
    assert.ok(!broken, 'an earlier step failed');
    try {
      await f(t);
    } catch (error) {
      broken = true;
      if (page) await screenshot(page, `failed-${name.replace(/\W+/g, '-')}`);
      throw error;
    }
  });
  const lens = (text) => page.locator('.codelens-decoration a', { hasText: text });

  before(async () => {
    // The user's own go, with its own caches, whatever HOME is in the test.
    const [cache, modules] = execFileSync('go', ['env', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' }).trim().split('\n');
    vscode = await startVSCode({ workspace, env: { GOCACHE: cache, GOMODCACHE: modules }, settings: { 'fuzzls.server.logLevel': 'debug', 'editor.autoClosingBrackets': 'never', 'editor.quickSuggestions': false } });
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
    await openFile(page, 'settings.go');
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
    const body = reproducer(page);
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
    await openFile(page, 'settings.go');
    const before = await eventually(async () => {
      const found = await marks(page, 'settings.go');
      const line = Object.keys(found).map(Number).find((n) => found[n] === 'covered');
      assert.ok(line);
      return line;
    }, patient);
    await goToLine(page, before);
    await page.keyboard.press('End');
    // Without a blank, so that one undo takes it back.
    await page.keyboard.type('//edited');
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[before], 'stale'), patient);
    await page.keyboard.press('Control+z');
    await eventually(async () => assert.ok(['covered', 'fresh0', 'fresh1', 'fresh2'].includes((await marks(page, 'settings.go'))[before])), patient);
  });

  step('says that a crash still fails, and makes a test of it', async () => {
    await reproducer(page).getByRole('button', { name: 'Replay' }).click();
    await page.locator('.notification-toast').filter({ hasText: 'still fails' }).waitFor({ timeout: patient });
    await command(page, 'Notifications: Clear All');
    await reproducer(page).getByRole('button', { name: 'Make It a Test' }).click();
    await page.locator('.notification-toast').filter({ hasText: 'testdata/fuzz' }).waitFor({ timeout: patient });
    await command(page, 'Notifications: Clear All');
    await command(page, 'File: Save All Files');
    await eventually(() => assert.match(readFileSync(path.join(vscode.folder, 'settings_test.go'), 'utf8'), /f\.Add\(sample\)\n\tf\.Add\("/), patient);
  });

  step('after a fix and a save, clears the crash and covers the new line', async () => {
    // Beside the reproducer, which stays visible.
    await command(page, 'View: Focus First Editor Group');
    await openFile(page, 'settings.go');
    const line = 1 + text().findIndex((l) => l.includes(`case '\\\\':`));
    await goToLine(page, line + 1);
    await page.keyboard.press('Control+Enter'); // a new line below
    await cursorAt(page, line + 2);
    await page.keyboard.type('if i+2 >= len(s) { return nil, ErrSyntax }');
    await page.keyboard.press('Control+s');
    await eventually(async () => assert.match((await marks(page, 'settings.go'))[line + 2] ?? 'none', /^(covered|partly|fresh\d)$/), patient);
    await screenshot(page, 'real-saved');
    await reproducer(page).getByText('no longer crashes').waitFor({ timeout: patient });
    await eventually(async () => {
      assert.equal(await page.locator('.squiggly-error').count(), 0);
      assert.ok(!Object.values(await marks(page, 'settings.go')).includes('crash'));
    }, patient);
    await screenshot(page, 'real-fixed');
  });

  step('stops, keeps what was covered, and leaves no process', async () => {
    const server = await eventually(() => processes().find((p) => p.command.startsWith(vscode.dir) && p.command.includes('server/fuzzls')) ?? assert.fail('no server'));
    assert.ok(descendants(server.pid).length > 0, 'a campaign has processes');
    await command(page, 'Fuzzls: Stop Fuzzing');
    await eventually(async () => assert.doesNotMatch(await statusBar(page).innerText(), /\/s/), patient);
    await eventually(() => assert.deepEqual(descendants(server.pid).map((p) => p.command), []), patient);
    assert.ok(Object.keys(await marks(page, 'settings.go')).length > 0);
  });

  step('marks the lines as fuzzls cover does', async () => {
    const shown = await allMarks(page, 'settings.go', text().length);
    const told = coverMarks('settings.go');
    assert.ok(Object.keys(told).length > 50);
    // Newly covered lines have faded; where fuzzing enters, that is what the gutter shows.
    await eventually(async () => assert.deepEqual(await allMarks(page, 'settings.go', text().length), told, JSON.stringify(shown)), patient);
  });

  step('fuzzes again, with marks soon after the click', async (t) => {
    await command(page, 'Fuzzls: Clear Coverage');
    await eventually(async () => assert.deepEqual(await marks(page, 'settings.go'), {}), patient);
    await openFile(page, 'settings_test.go');
    await goToLine(page, 22);
    await eventually(async () => assert.deepEqual(await marks(page, 'settings_test.go'), {}), patient);
    const measured = clickToMark(page);
    await lens('Fuzz').first().click();
    const took = await measured;
    t.diagnostic(`from pressing Fuzz to the first mark, warm build: ${took} ms`);
    await lens('Stop').first().waitFor({ timeout: patient });
  });

  step('clears the coverage', async () => {
    await command(page, 'Fuzzls: Stop Fuzzing');
    await eventually(async () => assert.doesNotMatch(await statusBar(page).innerText(), /\/s/), patient);
    await openFile(page, 'settings.go');
    await command(page, 'Fuzzls: Clear Coverage');
    await eventually(async () => {
      const lines = Object.values(await editorLines(page, 'settings.go'));
      assert.ok(!lines.some((line) => line.gutter.includes('covered')));
    }, patient);
  });

  it('leaves no process when VS Code ends', async () => {
    const { dir } = vscode;
    await browser.close();
    await vscode.stop();
    browser = vscode = page = undefined;
    await eventually(() => assert.deepEqual(processes().filter((p) => p.command.includes(dir)), []), patient);
  });

  /** The lines of settings.go on disk. */
  function text() {
    return readFileSync(path.join(vscode.folder, 'settings.go'), 'utf8').split('\n');
  }

  /** What the gutter is to show by line, as the command `fuzzls cover` tells it. */
  function coverMarks(file) {
    const out = execFileSync(path.join(root, 'server/fuzzls'), ['cover', file], { cwd: vscode.folder, encoding: 'utf8' });
    const names = { '+': 'covered', '~': 'partly', '-': 'uncovered' };
    const told = {};
    for (const [, entry, mark, number] of out.matchAll(/^([ >])([ +~-]) .*?(\d+) \|/gm)) {
      if (entry === '>' || mark !== ' ') told[number] = entry === '>' ? 'entry' : names[mark];
    }
    return told;
  }
});

/** All processes of this machine: pid, parent's pid, command line. */
function processes() {
  return execFileSync('ps', ['-eo', 'pid=,ppid=,args=', '-ww'], { encoding: 'utf8' }).trim().split('\n').map((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return { pid: Number(pid), parent: Number(parent), command };
  });
}

/** The processes that a process has started, and those that they have. */
function descendants(pid, all = processes()) {
  return all.filter((p) => p.parent === pid).flatMap((p) => [p, ...descendants(p.pid, all)]);
}

/** The ms from the next click to the first mark in settings_test.go, as the page sees them. */
function clickToMark(page) {
  return page.evaluate((patience) => new Promise((resolve, reject) => {
    const shown = () => [...document.querySelectorAll('.monaco-editor[data-uri$="settings_test.go"] .glyph-margin-widgets > .cgmr')]
      .some((glyph) => getComputedStyle(glyph).backgroundImage.startsWith('url("data:image/svg'));
    setTimeout(() => reject(new Error('there was no click, or no mark after it')), patience);
    document.addEventListener('mouseup', () => {
      const start = performance.now();
      const look = () => {
        if (shown()) resolve(Math.round(performance.now() - start));
        else requestAnimationFrame(look);
      };
      look();
    }, { capture: true, once: true });
  }), patient);
}
