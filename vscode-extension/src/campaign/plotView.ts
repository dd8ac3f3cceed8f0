// This file defines the view "Coverage over Time". Its page is loaded once; afterwards only
// the picture in it is replaced, so that it does not flicker.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { plotHtml, type Curve } from './plot';

/** The picture is drawn again at most once in this time, in ms; there is a sample each second. */
const refreshEvery = 1000;

/** Curves beyond that could not be told apart: those with most points are drawn. */
const maxCurves = 6;

export class PlotView implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly listening: vscode.Disposable;

  constructor(private readonly ctx: Ctx) {
    this.listening = ctx.state.onTests(() => { this.refreshSoon(); });
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listening.dispose();
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    view.webview.options = { enableScripts: true, localResourceRoots: [] };
    view.webview.onDidReceiveMessage(() => void this.refresh()); // the page is ready
    view.onDidChangeVisibility(() => { this.refreshSoon(); });
    view.onDidDispose(() => { this.view = undefined; });
    view.webview.html = page(randomBytes(16).toString('base64'));
  }

  private refreshSoon(): void {
    if (!this.view?.visible) return;
    this.timer ??= setTimeout(() => void this.refresh(), refreshEvery);
  }

  private async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    try {
      const curves = await this.curves();
      await this.view?.webview.postMessage(plotHtml(curves));
    } catch (error) {
      this.ctx.report('coverage over time', error);
    }
  }

  private async curves(): Promise<Curve[]> {
    if (this.ctx.phase !== 'running') return [];
    const ran = this.ctx.state.tests.filter((test) => test.figures);
    const most = [...ran].sort((a, b) => (b.figures?.points ?? 0) - (a.figures?.points ?? 0)).slice(0, maxCurves);
    return Promise.all(most.map(async (test) => ({ name: test.name, samples: (await this.ctx.request('fuzzls/history', { test: test.id })).samples })));
  }
}

function page(nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<style nonce="${nonce}">
body { padding: 4px 12px; color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); }
svg { width: 100%; display: block; }
text { fill: var(--vscode-descriptionForeground); font-size: 10px; }
.axis { fill: none; stroke: var(--vscode-descriptionForeground); stroke-width: .5; }
.grid { fill: none; stroke: var(--vscode-descriptionForeground); stroke-width: .5; opacity: .4; stroke-dasharray: 2 3; }
.curve { fill: none; stroke-width: 1.6; }
ul { list-style: none; margin: 4px 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0 16px; }
li { display: flex; gap: 6px; align-items: center; white-space: nowrap; }
.key { width: 24px; height: 8px; flex: none; }
.quiet { color: var(--vscode-descriptionForeground); }
</style>
</head>
<body>
<div id="plot"></div>
<p id="empty" class="quiet">Nothing was fuzzed since the server started.</p>
<script nonce="${nonce}">
const vscode = acquireVsCodeApi();
window.addEventListener('message', (event) => {
  document.getElementById('plot').innerHTML = event.data;
  document.getElementById('empty').hidden = event.data !== '';
});
vscode.postMessage('ready');
</script>
</body>
</html>`;
}
