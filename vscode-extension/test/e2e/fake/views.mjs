// The campaign view and the messages of commands.
import assert from 'node:assert/strict';
import { figures } from '../fakeWorkbench.mjs';
import { command, eventually, screenshot, statusBar, webview } from '../page.mjs';

/** The views before anything was found; the first thing that many users see. */
export function welcomeSteps(step) {
  step('says what to do where there is no fuzz test yet', async ({ page, vscode, settings }) => {
    await command(page, 'Fuzzls: Show Campaign');
    await page.locator('.sidebar').getByText('No fuzz tests here yet').waitFor();
    await page.locator('.sidebar').getByText('No crashes.').waitFor();
    await page.locator('.sidebar').getByRole('button', { name: 'Start Fuzzing', exact: true }).waitFor();
    await screenshot(page, 'welcome-dark');
    await vscode.setSettings(page, { ...settings, 'workbench.colorTheme': 'Default Light Modern' });
    await page.locator('.monaco-workbench.vs').waitFor();
    await screenshot(page, 'welcome-light');
    await vscode.setSettings(page, settings);
    await page.locator('.monaco-workbench.vs-dark').waitFor();
  });
}

export function viewSteps(step) {
  step('lists fuzz tests, crashes and files', async (w) => {
    const { page, fake } = w;
    fake.answer('fuzzls/files', { files: [{ uri: w.source, covered: 20, partly: 2, instrumented: 40 }] });
    fake.answer('fuzzls/history', { samples: Array.from({ length: 60 }, (_, i) => [1000 * i, Math.round(312 * (1 - Math.exp(-i / 12))), i * 40_000]) });
    w.crashes([w.crash()], []);
    w.status({ state: 'running', started: Date.now(), workers: 2, figures });
    await statusBar(page).click();
    const rows = page.locator('.sidebar .monaco-list-row');
    await rows.filter({ hasText: 'FuzzParse' }).filter({ hasText: '312/1,024 points' }).waitFor();
    await rows.filter({ hasText: 'index out of range' }).waitFor();
    await rows.filter({ hasText: 'settings.go' }).filter({ hasText: '18 uncovered' }).waitFor();
    await webview(page, 'sidebar').getByText('310 points').first().waitFor();
    await rows.filter({ hasText: 'FuzzParse' }).first().click();
    await rows.filter({ hasText: 'inputs kept' }).waitFor();
    await screenshot(page, 'campaign-dark');
  });

  step('starts and stops from the views', async (w) => {
    const { page, fake } = w;
    fake.forget();
    await page.locator('.sidebar').getByRole('button', { name: 'Stop Fuzzing' }).first().click();
    await fake.command('fuzzls.stop');
    w.status({ state: 'idle', figures: { ...figures, runsPerSecond: 0 } });
    const row = page.locator('.sidebar .monaco-list-row').filter({ hasText: 'FuzzParse' }).first();
    await row.hover();
    await row.getByRole('button', { name: 'Start Fuzzing' }).click();
    assert.deepEqual((await fake.command('fuzzls.start')).arguments, ['example.com/settings.FuzzParse']);
  });

  step('shows an error of a command as the server words it', async ({ page, fake }) => {
    fake.answer('fuzzls.showReport', { error: 'no campaign has run yet: start one with Fuzz' });
    await command(page, 'Fuzzls: Show Report');
    await page.locator('.notification-toast').filter({ hasText: 'no campaign has run yet' }).waitFor();
    await command(page, 'Notifications: Clear All');
  });

  step('has a walkthrough', async ({ page }) => {
    // Where it is narrow, VS Code leaves a walkthrough's pictures out.
    await command(page, 'View: Toggle Primary Side Bar Visibility');
    await command(page, 'Welcome: Open Walkthrough...');
    const row = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'First steps with Fuzzls' });
    await row.click();
    const walkthrough = page.locator('.gettingStartedContainer');
    for (const title of ['Find your fuzz tests', 'Start fuzzing', 'Watch what it reaches', 'Look at a crash']) {
      await walkthrough.locator('.step-title').getByText(title).click();
      await walkthrough.locator('.getting-started-step.expanded').filter({ hasText: title }).waitFor();
      if (title === 'Find your fuzz tests') await webview(page, 'editor').getByText('func FuzzParse').first().waitFor();
      else await pictureOf(walkthrough);
      await screenshot(page, `walkthrough-${title.split(' ')[0].toLowerCase()}`);
    }
    await command(page, 'View: Close Editor');
    await command(page, 'View: Toggle Primary Side Bar Visibility');
  });
}

/** Waits until a walkthrough shows the picture of its step. */
async function pictureOf(walkthrough) {
  const picture = walkthrough.locator('.getting-started-media img');
  await picture.waitFor();
  await eventually(async () => assert.ok(await picture.evaluate((img) => img.complete && img.naturalWidth > 0)));
}
