// The Testing view with the real server: the corpus is replayed, fuzz tests run until they
// are stopped, and VS Code's own test coverage has what was covered.
import assert from 'node:assert/strict';
import { choose, command, editorLines, eventually, openFile, screenshot, statusBar } from '../page.mjs';
import { patient } from '../realWorkbench.mjs';

export function testingSteps(step) {
  const results = (page) => page.locator('.test-output-peek-tree .monaco-list-row');

  step('replays the corpus from the Testing view, and tells crashes as test messages with a stack', async (w) => {
    const { page } = w;
    await command(page, 'Fuzzls: Stop Fuzzing');
    await w.stopped();
    await command(page, 'Test: Run All Tests');
    await command(page, 'Testing: Focus on Test Explorer View');
    // FuzzParse has a crash; the others pass.
    await page.locator('.test-explorer .result-summary').getByText('2/3').waitFor({ timeout: patient });
    await command(page, 'Test Results: Focus on Test Results View');
    const message = results(page).filter({ hasText: 'index out of range' }).first();
    await message.click();
    await page.locator('.test-output-peek-message-container').getByText('index out of range').first().waitFor();
    // The innermost frame is shown with its source.
    await page.locator('.multiCallStackFrame').filter({ hasText: 'settings.go' }).filter({ hasText: 's[i' }).first().waitFor();
    await screenshot(page, 'real-test-message');
    assert.equal((await w.told()).filter((message) => message.includes('no crash')).length, 0);
    await command(page, 'View: Hide Panel');
  });

  step('fuzzes from the Testing view until the run is stopped', async (w) => {
    const { page } = w;
    await command(page, 'Testing: Focus on Test Explorer View');
    const row = page.locator('.test-explorer .monaco-list-row').filter({ hasText: 'example.com/settings' }).first();
    await row.click({ button: 'right' });
    // With the keyboard: for its first 100 ms, a menu of VS Code takes no clicks.
    await page.locator('.monaco-menu').getByText('Execute Using Profile...').hover();
    await page.keyboard.press('Enter');
    await choose(page, 'Fuzz');
    await eventually(async () => assert.match(await statusBar(page).innerText(), /\/s · [\d,]+\/[\d,]+/), patient);
    assert.ok(w.workers().length > 0, 'a campaign has processes');
    await row.locator('.codicon-loading, .codicon-testing-loading-icon').first().waitFor();
    await screenshot(page, 'real-test-fuzzing');
    await page.locator('.sidebar .title-actions, .sidebar .pane-header').getByRole('button', { name: 'Cancel Test Run' }).first().click();
    await w.stopped();
    await eventually(() => assert.deepEqual(w.workers().map((p) => p.command), []), patient);
    await row.locator('.codicon-loading, .codicon-testing-loading-icon').first().waitFor({ state: 'detached' });
  });

  step("hands the coverage to VS Code's own: percentages in the Explorer, lines in the editor", async (w) => {
    const { page } = w;
    await command(page, 'Test: Run All Tests with Coverage');
    await command(page, 'Testing: Focus on Test Explorer View');
    const percent = /\d+(\.\d+)?%/;
    await page.locator('.sidebar .monaco-list-row').filter({ hasText: 'settings.go' }).filter({ hasText: percent }).waitFor({ timeout: patient });
    // Beside the reproducer, which stays visible.
    await command(page, 'View: Focus First Editor Group');
    await openFile(page, 'settings.go');
    await eventually(async () => assert.ok(Object.values(await editorLines(page, 'settings.go')).some((l) => l.native.length > 0), 'native coverage in the editor'));
    await screenshot(page, 'real-test-coverage');
    await command(page, 'View: Show Explorer');
    await page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'settings.go' }).filter({ hasText: percent }).waitFor();
    await screenshot(page, 'real-explorer-coverage');
    await command(page, 'Test: Clear Coverage');
    await eventually(async () => assert.ok(Object.values(await editorLines(page, 'settings.go')).every((l) => l.native.length === 0)));
    await command(page, 'View: Hide Panel');
    await command(page, 'Fuzzls: Show Campaign');
  });
}
