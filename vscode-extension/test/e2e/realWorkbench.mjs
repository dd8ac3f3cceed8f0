// Defines RealWorkbench: a workbench with the server that is in the .vsix, on a copy of an
// example that is under git.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { command, eventually, goToLine, marks, notifications, openFile, statusBar, visibleLines } from './page.mjs';
import { descendants, processes } from './processes.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from './vscode.mjs';

/** Building and fuzzing take their time on a machine that does other things, too; ms. */
export const patient = 90_000;

export class RealWorkbench {
  /** What the story relies on: typing as it is told. */
  settings = { 'editor.autoClosingBrackets': 'never', 'editor.autoClosingQuotes': 'never', 'editor.quickSuggestions': false };

  /**
   * Opens a file of one of the repository's examples, with settings beside those above. The
   * methods are about file where they are told of no other.
   */
  static async open(example = 'settings', first = 'settings_test.go', file = 'settings.go', settings = {}) {
    const w = new RealWorkbench();
    w.file = file;
    Object.assign(w.settings, settings);
    try {
      await w.#start(example, first);
      return w;
    } catch (error) {
      await w.close();
      throw error;
    }
  }

  async #start(example, first) {
    // The user's own go, with its own caches, whatever HOME is in the test.
    const [cache, modules] = execFileSync('go', ['env', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' }).trim().split('\n');
    this.vscode = await startVSCode({ workspace: path.resolve(root, '../examples', example), settings: this.settings, also: [path.join(import.meta.dirname, 'debugger')], env: { GOCACHE: cache, GOMODCACHE: modules } });
    this.git('init', '-q', '-b', 'main');
    this.commit('the example');
    this.browser = await startBrowser();
    this.page = await openWorkbench(this.browser, this.vscode, first);
    this.told = await notifications(this.page);
  }

  async close() {
    await this.browser?.close();
    await this.vscode?.stop();
    this.browser = this.vscode = undefined;
  }

  git(...args) {
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: this.vscode.folder });
  }

  commit(message) {
    this.git('add', '-A');
    this.git('commit', '-q', '-m', message);
  }

  /** The code lenses with that text. */
  lens(text) {
    return this.page.locator('.codelens-decoration a', { hasText: text });
  }

  /** The lines of a file on disk. */
  text(file = this.file) {
    return readFileSync(path.join(this.vscode.folder, file), 'utf8').split('\n');
  }

  /** Checks another version out while settings.go is open. */
  async checkout(version) {
    this.git('checkout', '-q', version);
    // Reads it again, as VS Code does by itself where it can watch files.
    await openFile(this.page, 'settings.go');
    await command(this.page, 'File: Revert File');
  }

  /** The number of the first line of a file on disk that holds a text. */
  line(text, file = this.file) {
    const index = this.text(file).findIndex((line) => line.includes(text));
    assert.ok(index >= 0, `no line holds ${text}`);
    return index + 1;
  }

  /** Our marks of a whole file: scrolls through it, for only visible lines can be read. */
  async allMarks(file = this.file) {
    const found = {};
    const last = this.text(file).length;
    for (let line = 1; ; line = Math.min(last, line + 20)) {
      await goToLine(this.page, line);
      await eventually(async () => assert.ok((await visibleLines(this.page, file)).includes(line), `line ${line} is not visible`));
      Object.assign(found, await marks(this.page, file));
      if (line === last) return found;
    }
  }

  /** What the marks are to be by line, as the command `fuzzls cover` tells it. */
  coverMarks(file = this.file) {
    const out = this.fuzzls('cover', file);
    const names = { '+': 'covered', '~': 'partly', '-': 'uncovered' };
    const told = {};
    for (const [, entry, mark, number] of out.matchAll(/^([ >])([ +~-]) .*?(\d+) \|/gm)) {
      if (entry === '>' || mark !== ' ') told[number] = entry === '>' ? 'entry' : names[mark];
    }
    return told;
  }

  /** What the server's executable prints when it is used as a command. */
  fuzzls(...args) {
    try {
      return execFileSync(path.join(root, 'server/fuzzls'), args, { cwd: this.vscode.folder, encoding: 'utf8' });
    } catch (error) {
      // Status 1 means that there are crashes.
      if (error.status === 1) return error.stdout;
      throw error;
    }
  }

  /** Waits until nothing is being fuzzed. */
  async stopped() {
    await eventually(async () => assert.doesNotMatch(await statusBar(this.page).innerText(), /\/s/), patient);
  }

  /** The language server's process. */
  server() {
    return processes().find((p) => p.command.startsWith(this.vscode.dir) && p.command.includes('server/fuzzls')) ?? assert.fail('no server');
  }

  /** The processes that the language server has started. */
  workers() {
    return descendants(this.server().pid);
  }
}
