// The Testing view and VS Code's own test coverage.
import assert from 'node:assert/strict';
import { covered, figures, uncovered } from '../fakeWorkbench.mjs';
import { choose, command, editorLines, eventually, screenshot } from '../page.mjs';

export function testingSteps(step) {
  step('runs fuzz tests from the Testing view, and shows native coverage', async (w) => {
    const { page, fake } = w;
    fake.answer('fuzzls.replay', { message: 'FuzzParse: 118 inputs, 1 crash', crashes: ['panic-1a2b'] });
    fake.answer('fuzzls/lines', { textDocument: { uri: w.source, version: 0 }, generation: 0, full: true, lines: [[27, 30, covered], [31, 33, uncovered]], summary: { covered: 20, partly: 2, instrumented: 40 } });
    await command(page, 'Test: Run All Tests with Coverage');
    await fake.command('fuzzls.replay');
    await command(page, 'Testing: Focus on Test Explorer View');
    await page.locator('.sidebar .monaco-list-row').filter({ hasText: 'settings.go' }).filter({ hasText: '55.00%' }).waitFor();
    await eventually(async () => assert.ok(Object.values(await editorLines(page, 'settings.go')).some((l) => l.native.length > 0), 'native coverage in the editor'));
    await screenshot(page, 'testing-dark');
  });

  step('fuzzes from the Testing view until the run is stopped', async (w) => {
    const { page, fake } = w;
    w.status({ state: 'idle' });
    fake.forget();
    await command(page, 'Testing: Focus on Test Explorer View');
    fake.answer('fuzzls/status', { tests: [w.test({ state: 'queued' })], workspaces: [] });
    const row = page.locator('.test-explorer .monaco-list-row').filter({ hasText: 'example.com/settings' }).first();
    await row.click({ button: 'right' });
    // With the keyboard: for its first 100 ms, a menu of VS Code takes no clicks.
    await page.locator('.monaco-menu').getByText('Execute Using Profile...').hover();
    await page.keyboard.press('Enter');
    await choose(page, 'Fuzz');
    assert.deepEqual((await fake.command('fuzzls.start')).arguments, ['example.com/settings.FuzzParse']);
    w.status({ state: 'running', started: Date.now(), workers: 2, figures });
    await row.locator('.codicon-loading, .codicon-testing-loading-icon').first().waitFor();
    await page.locator('.sidebar .title-actions, .sidebar .pane-header').getByRole('button', { name: 'Cancel Test Run' }).first().click();
    assert.deepEqual((await fake.command('fuzzls.stop')).arguments, ['example.com/settings.FuzzParse']);
    w.status({ state: 'idle', figures: { ...figures, runsPerSecond: 0 } });
    await row.locator('.codicon-loading, .codicon-testing-loading-icon').first().waitFor({ state: 'detached' });
    await command(page, 'View: Hide Panel');
  });
}
