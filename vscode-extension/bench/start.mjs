// Measures what starting the extension takes, in windows that are opened one after another:
// by VS Code's own figure, which it shows to users (loading the code and activating it); and
// by the clock and in time of the extension host's processor, beside an extension that does
// nothing. The processor's time is what a busy machine changes least.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FakeServer } from '../test/e2e/fakeServer.mjs';
import { command, eventually } from '../test/e2e/page.mjs';
import { openWorkbench, startBrowser, startVSCode } from '../test/e2e/vscode.mjs';
import { summary } from './figures.mjs';

/** So many windows; each takes some seconds. */
const times = 7;

export async function measureStart(print) {
  const dir = mkdtempSync(path.join(tmpdir(), 'fuzzls-start-'));
  // Nothing in the folder starts the extension.
  const [workspace, started] = [path.join(dir, 'nothing'), path.join(dir, 'started.json')];
  mkdirSync(workspace);
  const fake = await FakeServer.start();
  const vscode = await startVSCode({
    workspace, settings: { 'fuzzls.server.path': FakeServer.path }, also: ['starter', 'empty'].map((name) => path.join(import.meta.dirname, name)),
    env: { FUZZLS_FAKE_SOCKET: fake.socket, FUZZLS_BENCH_STARTED: started },
  });
  const browser = await startBrowser();
  try {
    const page = await openWorkbench(browser, vscode);
    const [shown, ours, empty] = [[], [], []];
    for (let i = 0; i < times; i++) {
      if (i > 0) await page.reload();
      const took = await eventually(() => JSON.parse(readFileSync(started, 'utf8')));
      ours.push(took['fuzzls.fuzzls']);
      empty.push(took['fuzzls-bench.empty']);
      shown.push(await shownByVSCode(page));
      rmSync(started);
    }
    const of = (all, what) => summary(all.map((took) => took[what]));
    print(`activation of the extension, its code loaded, as VS Code shows it: ${summary(shown)}; goal 50 ms`);
    print(`the same from outside: ${of(ours, 'wall')}; an extension that does nothing: ${of(empty, 'wall')}`);
    print(`the same, processor time of the extension host: ${of(ours, 'processor')}; an extension that does nothing: ${of(empty, 'processor')}`);
  } finally {
    await browser.close();
    await vscode.stop();
    fake.stop();
    rmSync(dir, { recursive: true });
  }
}

/** The ms that VS Code shows as the extension's activation time. */
async function shownByVSCode(page) {
  await command(page, 'Developer: Show Running Extensions');
  const row = page.locator('.runtime-extensions-editor .monaco-list-row, .editor-instance .monaco-list-row').filter({ hasText: 'Fuzzls: Live' }).first();
  const time = await eventually(async () => Number(/(\d+)ms/.exec(await row.locator('.activation-time').innerText())[1]));
  await command(page, 'View: Close Editor');
  return time;
}
