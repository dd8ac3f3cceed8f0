// What a user sees when the workspace is not trusted, and when the server is missing or of
// another version: one message, and a way out.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import path from 'node:path';
import { FakeServer } from './fakeServer.mjs';
import { command, screenshot, statusBar } from './page.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from './vscode.mjs';

const workspace = path.resolve(root, '../examples/settings');

describe('without trust', () => {
  let fake, vscode, browser, page;
  before(async () => {
    fake = await FakeServer.start();
    vscode = await startVSCode({
      workspace, trust: true, env: { FUZZLS_FAKE_SOCKET: fake.socket },
      settings: { 'fuzzls.server.path': FakeServer.path, 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.emptyWindow': false },
    });
    browser = await startBrowser();
    page = await openWorkbench(browser, vscode, 'settings_test.go');
  });
  after(async () => {
    if (page) await screenshot(page, 'trust-last').catch(() => {});
    await browser?.close();
    await vscode?.stop();
    fake?.stop();
  });

  it('starts nothing, and says why', async () => {
    await statusBar(page).locator('.codicon-shield').waitFor({ timeout: 60_000 });
    await command(page, 'Fuzzls: Show Campaign');
    await page.locator('.sidebar').getByText('Nothing is done until you trust it').waitFor();
    await command(page, 'Fuzzls: Start Fuzzing All Fuzz Tests');
    await page.locator('.notification-toast').filter({ hasText: 'untrusted workspace' }).waitFor();
    await screenshot(page, 'untrusted');
    assert.deepEqual(fake.heard, []);
  });

  it('starts the server once the workspace is trusted', async () => {
    await page.locator('.sidebar').getByRole('button', { name: 'Manage Workspace Trust' }).click();
    await page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).first().click();
    const params = await fake.hears('initialize', undefined, 60_000);
    assert.equal(params.initializationOptions.trusted, true);
  });
});

describe('without a usable server', () => {
  let fake, vscode, browser, page;
  before(async () => {
    fake = await FakeServer.start();
    vscode = await startVSCode({ workspace, settings: { 'fuzzls.server.path': '/nowhere/fuzzls' }, env: { FUZZLS_FAKE_SOCKET: fake.socket, FUZZLS_FAKE_VERSION: '2' } });
    browser = await startBrowser();
    page = await openWorkbench(browser, vscode, 'settings_test.go');
  });
  after(async () => {
    if (page) await screenshot(page, 'trouble-last').catch(() => {});
    await browser?.close();
    await vscode?.stop();
    fake?.stop();
  });

  it('says that it is missing', async () => {
    const toast = page.locator('.notification-toast').filter({ hasText: 'was not found at "/nowhere/fuzzls"' });
    await toast.waitFor({ timeout: 60_000 });
    await statusBar(page).locator('.codicon-error').waitFor();
    await command(page, 'Fuzzls: Show Campaign');
    await page.locator('.sidebar').getByRole('button', { name: 'Show Log' }).waitFor();
    await screenshot(page, 'server-missing');
  });

  it('says that it is too new, and stops it', async () => {
    await vscode.setSettings(page, { 'fuzzls.server.path': FakeServer.path });
    await page.locator('.notification-toast').getByText('Start Again').click();
    await page.locator('.notification-toast').filter({ hasText: 'too new for this extension' }).waitFor();
    await fake.hears('exit');
    assert.equal(await page.locator('.notification-toast').count(), 1);
  });
});
