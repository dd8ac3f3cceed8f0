// This file defines the status bar item: live figures of the campaign; a click shows it.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import { counted, grouped, short, summaryLine, total } from './figures';

export class StatusBar implements vscode.Disposable {
  // Left of the language's own items, beside what is about the workspace.
  readonly item = vscode.window.createStatusBarItem('fuzzls.status', vscode.StatusBarAlignment.Left, 10);
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly ctx: Ctx) {
    this.item.name = 'Fuzzls';
    this.disposables = [
      this.item,
      ctx.onPhase(() => { this.show(); }),
      ctx.state.onTests(() => { this.show(); }),
      ctx.state.onCrashes(() => { this.show(); }),
    ];
    this.show();
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private show(): void {
    this.item.backgroundColor = undefined;
    this.item.command = 'fuzzls.showCampaign';
    switch (this.ctx.phase) {
      case 'untrusted':
        this.set('$(shield) Fuzzls', 'Fuzzls does nothing in an untrusted workspace.');
        this.item.command = 'workbench.trust.manage';
        break;
      case 'starting':
        this.set('$(loading~spin) Fuzzls', 'The fuzzls server is starting.');
        break;
      case 'failed':
        this.set('$(error) Fuzzls', 'The fuzzls server is not running. Click for its log.');
        this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
        this.item.command = 'fuzzls.showLog';
        break;
      case 'stopped':
        this.item.hide();
        return;
      case 'running':
        this.showFigures();
    }
    this.item.show();
  }

  private showFigures(): void {
    const tests = this.ctx.state.tests;
    const open = this.ctx.state.crashes.filter((crash) => crash.status === 'open').length;
    const crashes = open > 0 ? ` $(bug) ${open}` : '';
    const active = tests.filter((test) => test.state !== 'idle');
    if (active.length === 0) {
      this.set(`$(beaker) Fuzzls${crashes}`, tooltip(`**Fuzzls**: ${counted(tests.length, 'fuzz test')}, ${counted(open, 'open crash', 'open crashes')}`, tests));
      return;
    }
    if (active.every((test) => test.state === 'replaying')) {
      this.set(`$(loading~spin) Fuzzls: replaying${crashes}`, tooltip('**Fuzzls** is replaying', active));
      return;
    }
    const figures = total(active);
    const building = active.filter((test) => test.state === 'building' || test.state === 'queued').length;
    if (!figures || (building === active.length && figures.runsPerSecond === 0)) {
      this.set(`$(loading~spin) Fuzzls: building${crashes}`, tooltip('**Fuzzls** is building', active));
      return;
    }
    this.set(
      `$(pulse) ${short(figures.runsPerSecond)}/s · ${grouped(figures.points)}/${grouped(figures.totalPoints)}${crashes}`,
      tooltip(`**Fuzzls**: runs per second, points covered${open > 0 ? ', open crashes' : ''}`, active),
    );
  }

  private set(text: string, hint: string | vscode.MarkdownString): void {
    this.item.text = text;
    this.item.tooltip = hint;
    this.item.accessibilityInformation = { label: text.replace(/\$\([^)]*\)/g, '').trim() };
  }
}

function tooltip(title: string, tests: Ctx['state']['tests']): vscode.MarkdownString {
  const lines = tests.flatMap((test) => (test.figures ? [`- ${test.name}: ${summaryLine(test.figures)}`] : []));
  return new vscode.MarkdownString([title, '', ...lines].join('\n'));
}
