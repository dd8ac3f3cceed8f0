// What is done with a crash, until it is fixed; then fuzzing is stopped.
import assert from 'node:assert/strict';
import { command, eventually, goToLine, marks, openFile, paints, pressAt, reproducer, screenshot, statusBar } from '../page.mjs';
import { patient } from '../realWorkbench.mjs';

export function crashSteps(step) {
  step('says that a crash still fails, and makes a test of it', async (w) => {
    const { page } = w;
    await reproducer(page).getByRole('button', { name: 'Replay' }).click();
    await page.locator('.notification-toast').filter({ hasText: 'still fails' }).waitFor({ timeout: patient });
    await command(page, 'Notifications: Clear All');
    await reproducer(page).getByRole('button', { name: 'Make It a Test' }).click();
    await page.locator('.notification-toast').filter({ hasText: 'testdata/fuzz' }).waitFor({ timeout: patient });
    await command(page, 'Notifications: Clear All');
    await command(page, 'File: Save All Files');
    await eventually(() => assert.match(w.text('settings_test.go').join('\n'), /f\.Add\(sample\)\n\tf\.Add\("/), patient);
  });
}

/** The rest: it goes on when the crashes have been looked at. */
export function fixSteps(step) {
  step('does not tell of the same crashes again when fuzzing starts again', async (w) => {
    const { page } = w;
    await command(page, 'Fuzzls: Stop Fuzzing');
    await w.stopped();
    const counts = async () => (await page.locator('.sidebar .monaco-list-row').allInnerTexts()).flatMap((text) => /(\d+)×/.exec(text)?.[1] ?? []);
    const before = await counts();
    assert.ok(before.length > 0);
    await command(page, 'Fuzzls: Start Fuzzing All Fuzz Tests');
    // The known crashes happen again.
    await eventually(async () => assert.notDeepEqual(await counts(), before), patient);
    const told = (await w.told()).filter((message) => message.includes('Open Reproducer'));
    const known = JSON.parse(w.fuzzls('crashes', '--all', '--json'));
    assert.ok(told.length <= known.length, `${known.length} crashes were told of with ${told.length} messages: ${told.join('; ')}`);
  });

  step('after a fix and a save, clears the crash and covers the new line', async (w) => {
    const { page } = w;
    // Beside the reproducer, which stays visible.
    await command(page, 'View: Focus First Editor Group');
    await openFile(page, 'settings.go');
    const line = w.line(`case '\\\\':`);
    await pressAt(page, line + 1, 'Control+Enter', line + 2); // a new line below
    await page.keyboard.type("if i >= len(s) || s[i] == 'x' && i+2 >= len(s) { return nil, ErrSyntax }");
    const fresh = await paints(page, 'settings.go', line + 2, ['fresh0', 'fresh1', 'fresh2']);
    const before = JSON.parse(w.fuzzls('crashes', '--all', '--json')).length;
    await page.keyboard.press('Control+s');
    await fresh.at();
    await screenshot(page, 'real-saved');
    // Lines have moved under the campaign that still runs; its crashes are the same.
    assert.equal(JSON.parse(w.fuzzls('crashes', '--all', '--json')).length, before);
    await reproducer(page).getByText('no longer crashes').waitFor({ timeout: patient });
    await eventually(async () => {
      assert.equal(await page.locator('.squiggly-error').count(), 0);
      assert.ok(!Object.values(await marks(page, 'settings.go')).includes('crash'));
      assert.match((await marks(page, 'settings.go'))[line + 2], /^(covered|partly)$/);
    }, patient);
    await screenshot(page, 'real-fixed');
    await page.locator('.tab').filter({ hasText: 'Crash: FuzzParse' }).first().getByRole('button', { name: /Close/ }).click();
  });

  step('stops, keeps what was covered, and leaves no process', async (w) => {
    const { page } = w;
    assert.ok(w.workers().length > 0, 'a campaign has processes');
    await command(page, 'Fuzzls: Stop Fuzzing');
    await w.stopped();
    await eventually(() => assert.deepEqual(w.workers().map((p) => p.command), []), patient);
    assert.match(await statusBar(page).innerText(), /Fuzzls/);
    assert.ok(Object.keys(await marks(page, 'settings.go')).length > 0);
  });

  step('marks the lines as fuzzls cover does', async (w) => {
    const expected = w.coverMarks();
    assert.ok(Object.keys(expected).length > 50);
    // Newly covered lines fade first; where fuzzing enters, that is what is shown.
    await eventually(async () => assert.deepEqual(await w.allMarks(), expected), patient);
  });

  step('marks them so in both editors of a split, and in high contrast', async (w) => {
    const { page, vscode, settings } = w;
    const line = w.line('func parseValue');
    await goToLine(page, line);
    const expected = await marks(page, 'settings.go');
    await page.keyboard.press('Control+\\');
    await eventually(async () => assert.equal(await page.locator('.monaco-editor[data-uri$="settings.go"]').count(), 2));
    for (const index of [0, 1]) {
      await eventually(async () => {
        const shown = await marks(page, 'settings.go', index);
        assert.ok(Object.keys(shown).length > 5);
        for (const number of Object.keys(shown)) if (number in expected) assert.equal(shown[number], expected[number]);
      });
    }
    await vscode.setSettings(page, { ...settings, 'workbench.colorTheme': 'Default High Contrast' });
    await page.locator('.monaco-workbench.hc-black').waitFor();
    await screenshot(page, 'real-split-hc');
    await command(page, 'View: Close Editor');
    await goToLine(page, line);
    await eventually(async () => assert.deepEqual(await marks(page, 'settings.go'), expected));
    await vscode.setSettings(page, settings);
    await page.locator('.monaco-workbench.vs-dark').waitFor();
  });
}
