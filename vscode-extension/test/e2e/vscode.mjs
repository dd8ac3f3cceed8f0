// Starts a real VS Code (its server, and its workbench in a headless Chromium) with the
// extension installed from the .vsix, in folders of its own.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { chromium } from 'playwright-core';
import { eventually, tellWebviewsApart } from './page.mjs';

export const root = path.resolve(import.meta.dirname, '../..');
export const output = path.join(root, 'test-output');
const keeper = path.join(import.meta.dirname, 'keeper.mjs');
const node = path.join(root, '.vscode-test/bin/node');
const main = path.join(root, '.vscode-test/package/lib/vscode/out/server-main.js');

// run.mjs holds the other end of this pipe: without it, the tests have no reason to go on.
if (process.env.FUZZLS_E2E_LIFELINE) process.stdin.on('close', () => process.exit(1)).resume().unref();

/** Settings that make pictures repeatable and keep VS Code from asking for the network. */
const quiet = {
  'workbench.startupEditor': 'none', 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'workbench.tips.enabled': false,
  'workbench.reduceMotion': 'on', 'workbench.colorTheme': 'Default Dark Modern', 'window.autoDetectColorScheme': false,
  'chat.disableAIFeatures': true, 'telemetry.telemetryLevel': 'off', 'update.mode': 'none', 'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false, 'extensions.ignoreRecommendations': true, 'git.enabled': false, 'files.hotExit': 'off',
  'editor.minimap.enabled': false, 'editor.cursorBlinking': 'solid', 'editor.smoothScrolling': false, 'editor.stickyScroll.enabled': false,
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
 * Starts VS Code on a copy of a folder, which is called like the folder.
 * @param {{workspace: string, settings?: object, env?: object, trust?: boolean, extension?: boolean, also?: string[], args?: string[]}} options
 *   trust: whether VS Code asks for trust; extension: false leaves ours out; also: folders of others; args: more for VS Code's server
 */
export async function startVSCode({ workspace, settings = {}, env = {}, trust = false, extension = true, also = [], args = [] }) {
  const dir = mkdtempSync(path.join(tmpdir(), 'fuzzls-e2e-'));
  const [folder, data, extensions] = [path.basename(workspace), 'sd', 'exts'].map((name) => path.join(dir, name));
  cpSync(workspace, folder, { recursive: true });
  const prepare = settingsWriter(data, path.basename(folder));
  prepare(settings).write();
  // VS Code asks a login shell for the environment; it is to have the tests' PATH.
  writeFileSync(path.join(dir, '.profile'), `export PATH='${process.env.PATH}'\n`);
  const environment = {
    ...process.env, HOME: dir, XDG_CONFIG_HOME: `${dir}/.config`, XDG_DATA_HOME: `${dir}/.local`, XDG_CACHE_HOME: `${dir}/.cache`,
    XDG_RUNTIME_DIR: dir, TMPDIR: dir, EXTENSIONS_GALLERY: '{}', ...env,
  };
  const common = ['--accept-server-license-terms', '--server-data-dir', data, '--extensions-dir', extensions, '--disable-telemetry'];
  const packages = [...(extension ? [vsix()] : []), ...await Promise.all(also.map((cwd) => packed(cwd, dir)))];
  if (packages.length > 0) execFileSync(node, [main, ...common, ...packages.flatMap((file) => ['--install-extension', file])], { env: environment, stdio: 'pipe' });
  const server = spawn(process.execPath, [keeper, dir, node, main, ...common, '--host', '127.0.0.1', '--port', '0', '--without-connection-token', ...(trust ? [] : ['--disable-workspace-trust']), ...args],
    // Detached: Ctrl-C is for the tests; their end is for the keeper.
    { env: environment, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
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
    /** Replaces the settings, and waits until the page's workbench, and the extensions, have them. */
    setSettings: async (page, changed) => {
      const { title, write } = prepare(changed);
      // VS Code may read the file some time before it watches it: what is written in between
      // is seen when it is written again.
      await eventually(async () => {
        write();
        await page.waitForFunction((wanted) => document.title === wanted, title, { timeout: 5_000 });
      });
    },
    /** The address of the workbench, with a file open. */
    url: (file) => `http://127.0.0.1:${port}/?folder=${folder}&payload=${encodeURIComponent(JSON.stringify(file ? [['openFile', uri(file)]] : []))}`,
    stop: async () => {
      server.stdin.end();
      await exited;
    },
  };
}

/** Makes a .vsix of an extension's folder. */
async function packed(cwd, into) {
  const packagePath = path.join(into, `${path.basename(cwd)}.vsix`);
  await createVSIX({ cwd, packagePath, dependencies: false, allowMissingRepository: true, skipLicense: true });
  return packagePath;
}

/**
 * Returns a function that prepares a replacement of the settings: write, which may be called
 * again, writes it. Those of the machine are read from one file, those of the user from
 * another. The window's title tells when they hold: it is in the last file, and VS Code tells
 * the extensions of new settings before anything that the user does afterwards.
 */
function settingsWriter(data, name) {
  let times = 0;
  return (settings) => {
    // Pictures show it: what it counts by has no width.
    const title = name + '\u200b'.repeat(times++);
    const write = () => {
      for (const scope of ['User', 'Machine']) {
        const file = path.join(data, 'data', scope, 'settings.json');
        mkdirSync(path.dirname(file), { recursive: true });
        // Renamed into place, so that no half of it is read.
        writeFileSync(`${file}.new`, JSON.stringify({ ...quiet, ...settings, ...(scope === 'Machine' ? { 'window.title': title } : {}) }));
        renameSync(`${file}.new`, file);
      }
    };
    return { title, write };
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
  await tellWebviewsApart(page);
  await page.goto(vscode.url(file));
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
  return page;
}
