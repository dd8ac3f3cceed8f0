// This file defines ReproducerPanels: one panel for each crash whose reproducer is open.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { textOf } from '../errors';
import { functionName } from '../figures';
import type { CrashStatus, ReproducerResult } from '../lspExt';
import { showLocation } from '../show';
import { actions, changing, pageHtml, type Action, type PageMessage } from './html';

/** The command of each button; 'file' opens the reproducer as it is. */
const commands: Record<Exclude<Action, 'file'>, string> = {
  goto: 'fuzzls.goToCrash',
  replay: 'fuzzls.replayCrash',
  debug: 'fuzzls.debugCrash',
  minimize: 'fuzzls.minimize',
  makeTest: 'fuzzls.makeTest',
  copy: 'fuzzls.copyReplayCommand',
  dismiss: 'fuzzls.dismiss',
};

export class ReproducerPanels implements vscode.Disposable {
  /** By signature. */
  private readonly panels = new Map<string, vscode.WebviewPanel>();
  /** What each panel was loaded with: what else changes is put into the page as it is. */
  private readonly shown = new WeakMap<vscode.WebviewPanel, string>();
  /** Panels whose input has no values yet. */
  private readonly awaiting = new WeakSet<vscode.WebviewPanel>();
  private readonly listening: vscode.Disposable;

  constructor(private readonly ctx: Ctx) {
    this.listening = ctx.state.onCrashes(() => { this.refresh(); });
  }

  dispose(): void {
    this.listening.dispose();
    for (const panel of [...this.panels.values()]) panel.dispose();
  }

  /** Shows the reproducer of a crash beside the source. */
  async open(crash: CrashStatus): Promise<void> {
    let panel = this.panels.get(crash.signature);
    if (panel) {
      panel.reveal();
      return;
    }
    panel = vscode.window.createWebviewPanel('fuzzls.reproducer', `Crash: ${functionName(crash.test)}`, vscode.ViewColumn.Beside, { enableScripts: true, localResourceRoots: [] });
    panel.iconPath = vscode.Uri.joinPath(this.ctx.extension.extensionUri, 'media', 'crash.svg');
    this.panels.set(crash.signature, panel);
    panel.onDidDispose(() => this.panels.delete(crash.signature));
    panel.webview.onDidReceiveMessage((message: PageMessage) => { void this.act(crash.signature, message); });
    await this.fill(panel, crash);
  }

  private async fill(panel: vscode.WebviewPanel, crash: CrashStatus): Promise<void> {
    const key = JSON.stringify([crash.kind, crash.message, crash.reproducer, crash.replay, crash.replayDir]);
    if (this.shown.get(panel) === key) {
      void panel.webview.postMessage(changing(crash, Date.now()));
      // What a fuzz test of Zig takes of an input is found out some time after the crash.
      if (this.awaiting.has(panel)) await this.fillValues(panel, crash);
      return;
    }
    this.shown.set(panel, key);
    this.awaiting.delete(panel);
    let input: ReproducerResult | undefined;
    let trouble = '';
    try {
      input = await this.ctx.request('fuzzls/reproducer', { signature: crash.signature });
    } catch (error) {
      trouble = textOf(error);
    }
    if (this.shown.get(panel) !== key || this.panels.get(crash.signature) !== panel) return; // overtaken, or closed
    panel.webview.html = pageHtml({ crash, input, trouble, nonce: randomBytes(16).toString('base64'), now: Date.now() });
    if (input && !input.asked?.length && crash.location?.uri.endsWith('.zig')) this.awaiting.add(panel);
  }

  /** Shows the page anew if the values that the input stands for are known by now. */
  private async fillValues(panel: vscode.WebviewPanel, crash: CrashStatus): Promise<void> {
    const input: ReproducerResult = await this.ctx.request('fuzzls/reproducer', { signature: crash.signature });
    if (!input.asked?.length || !this.awaiting.delete(panel) || this.panels.get(crash.signature) !== panel) return;
    panel.webview.html = pageHtml({ crash, input, trouble: '', nonce: randomBytes(16).toString('base64'), now: Date.now() });
  }

  /** Shows what became of the crashes whose panels are open. */
  private refresh(): void {
    // A server that is not running tells of no crashes; that does not make them go away.
    if (this.ctx.phase !== 'running') return;
    for (const [signature, panel] of [...this.panels]) {
      const crash = this.ctx.state.crash(signature);
      if (crash) void this.fill(panel, crash);
      else panel.dispose();
    }
  }

  private async act(signature: string, message: PageMessage): Promise<void> {
    const crash = this.ctx.state.crash(signature);
    if (!crash) return;
    if ('ready' in message) {
      // What changed while it was hidden, or loading, did not reach it.
      const panel = this.panels.get(signature);
      if (panel) await this.fill(panel, crash);
    } else if ('frame' in message) {
      const location = crash.frames[message.frame]?.location;
      if (location) await this.show(this.ctx.location(location));
    } else if (message.action === 'file') {
      await this.show(new vscode.Location(vscode.Uri.parse(crash.reproducer), new vscode.Position(0, 0)));
    } else if (actions.includes(message.action)) {
      await vscode.commands.executeCommand(commands[message.action], signature);
    }
  }

  private async show(location: vscode.Location): Promise<void> {
    try {
      await showLocation(location);
    } catch (error) {
      void vscode.window.showErrorMessage(textOf(error));
    }
  }
}
