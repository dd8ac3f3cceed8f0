// Runs the tests inside VS Code's extension host: a workbench in a headless browser starts
// the host, which loads the bundle of index.ts. Arguments are names of suites; without any, all.
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FakeServer } from '../fake/fakeServer.mjs';
import { output, root, startBrowser, startVSCode } from '../e2e/vscode.mjs';

/** So long may a suite take, in ms; the machine may be busy. */
const patience = 300_000;

const here = import.meta.dirname;

/** The suites: what VS Code is started with. */
const suites = {
  live: { debuggers: ['go', 'lldb'] },
  alone: { settings: { 'fuzzls.server.path': '/nowhere/fuzzls' } },
  untrusted: { trust: true, settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.emptyWindow': false } },
};

if (!existsSync(path.join(root, '.vscode-test/package/lib/vscode/out/server-main.js'))) {
  console.error('NOT TESTED: the extension in its host: run vscode-extension/scripts/setup-vscode');
  process.exit(process.env.CI === 'true' ? 1 : 0);
}
const wanted = process.argv.slice(2);
for (const name of wanted) if (!suites[name]) throw new Error(`there is no suite ${name}: choose from ${Object.keys(suites).join(', ')}`);
const browser = await startBrowser();
try {
  for (const name of Object.keys(suites)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`▶ in the extension host: ${name}`);
    if ((await runSuite(name, suites[name])) !== 0) process.exitCode = 1;
  }
} finally {
  await browser.close();
}

/** Runs a suite and returns the exit code that VS Code gives for it. */
async function runSuite(name, { settings = {}, trust = false, debuggers = [] }) {
  const workspace = mkdtempSync(path.join(tmpdir(), 'fuzzls-empty-'));
  const standIns = mkdtempSync(path.join(tmpdir(), 'fuzzls-debuggers-'));
  const vscode = await startVSCode({
    workspace, trust, also: debuggers.map((debuggerName) => standIn(debuggerName, standIns)), settings: { 'fuzzls.server.path': FakeServer.path, ...settings },
    env: { FUZZLS_HOST_SUITE: name, FUZZLS_FAKE_SERVER: FakeServer.path }, args: ['--enable-smoke-test-driver'],
  });
  for (const dir of [workspace, standIns]) rmSync(dir, { recursive: true });
  mkdirSync(output, { recursive: true });
  const log = path.join(output, `host-${name}.log`);
  rmSync(log, { force: true });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    const code = new Promise((resolve, reject) => {
      void page.exposeFunction('codeAutomationExit', resolve);
      setTimeout(() => reject(new Error(`the suite ${name} did not end in ${patience / 1000} s`)), patience).unref();
    });
    // VS Code's own log comes the same way; it is kept for when something fails.
    await page.exposeFunction('codeAutomationLog', async (_, args) => {
      const line = args.map(String).join(' ');
      const asked = /^ {2}\? (\d+)$/.exec(line);
      if (asked) await answer(page, path.join(vscode.dir, `messages-${asked[1]}.json`));
      else if (/^ {2}[✔✖ℹ=] /.test(line)) console.log(line);
      else appendFileSync(log, `${line}\n`);
    });
    const uri = (file) => `vscode-remote://127.0.0.1:${vscode.port}${file}`;
    const payload = [
      ['extensionDevelopmentPath', uri(path.join(here, 'driver'))],
      ['extensionTestsPath', uri(path.join(root, 'out/host/index.js'))],
    ];
    await page.goto(`http://127.0.0.1:${vscode.port}/?folder=${vscode.folder}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    const result = await code.catch(async (error) => {
      console.error(error.message);
      return 1;
    });
    await page.screenshot({ path: path.join(output, `host-${name}.png`) });
    return result;
  } finally {
    await context.close();
    await vscode.stop();
  }
}

/** Puts together the stand-in for an extension that has a debugger: its manifest and the adapter. */
function standIn(name, into) {
  const folder = path.join(into, name);
  cpSync(path.join(here, 'debuggers', name), folder, { recursive: true });
  cpSync(path.join(here, 'debuggers/adapter.js'), path.join(folder, 'adapter.js'));
  return folder;
}

/** Writes the messages that the user sees to a file. */
async function answer(page, file) {
  const texts = await page.locator('.notifications-center .notification-list-item-message').allInnerTexts();
  writeFileSync(`${file}.new`, JSON.stringify(texts));
  renameSync(`${file}.new`, file);
}
