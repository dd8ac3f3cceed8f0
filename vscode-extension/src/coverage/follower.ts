// This file defines Follower: while it is on, the editor shows the newest covered line. It
// ends when the user scrolls, or chooses a place, by hand.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';

/** At most one jump in this time, in ms: more often, nobody could read what is shown. */
const followEvery = 1000;

export class Follower implements vscode.Disposable {
  private timer: NodeJS.Timeout | undefined;
  /** When the line that was shown last became covered. */
  private lastTime = 0;
  /** Where we went to; the next visible range with this line is our own doing. */
  private expected: { document: string; line: number; arrived: boolean } | undefined;
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly ctx: Ctx) {
    this.disposables = [
      vscode.window.onDidChangeTextEditorVisibleRanges((e) => { this.scrolled(e); }),
      vscode.window.onDidChangeTextEditorSelection((e) => {
        if (e.kind === vscode.TextEditorSelectionChangeKind.Mouse || e.kind === vscode.TextEditorSelectionChangeKind.Keyboard) this.stop();
      }),
      ctx.onPhase((phase) => { if (phase !== 'running') this.stop(); }),
    ];
  }

  dispose(): void {
    this.stop();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  start(): void {
    if (this.timer) return;
    this.lastTime = 0;
    this.timer = setInterval(() => void this.look(), followEvery);
    setFollowing(true);
    void this.look();
  }

  stop(): void {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.expected = undefined;
    setFollowing(false);
    void vscode.window.setStatusBarMessage('Fuzzls: no longer following new coverage', 3000);
  }

  private async look(): Promise<void> {
    try {
      const newest = await this.ctx.request('fuzzls/newest', {});
      if (!this.timer || !newest || newest.time <= this.lastTime) return;
      this.lastTime = newest.time;
      await this.show(this.ctx.location(newest.location));
    } catch (error) {
      this.ctx.report('following new coverage', error);
      this.stop();
    }
  }

  private async show(location: vscode.Location): Promise<void> {
    this.expected = { document: location.uri.toString(), line: location.range.start.line, arrived: false };
    const editor = await vscode.window.showTextDocument(location.uri, { preserveFocus: true, preview: true });
    editor.revealRange(location.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  private scrolled(event: vscode.TextEditorVisibleRangesChangeEvent): void {
    const expected = this.expected;
    if (!this.timer || !expected) return;
    if (event.textEditor.document.uri.toString() !== expected.document) return;
    const here = event.visibleRanges.some((range) => range.start.line <= expected.line && expected.line <= range.end.line);
    // The first change that shows the line is our own; any later one is the user's.
    if (here && !expected.arrived) expected.arrived = true;
    else if (expected.arrived) this.stop();
  }
}

function setFollowing(on: boolean): void {
  void vscode.commands.executeCommand('setContext', 'fuzzls.following', on);
}
