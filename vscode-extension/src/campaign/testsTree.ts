// This file defines the view "Fuzz Tests": each fuzz test with its state and figures.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { age, grouped, short, summaryLine } from '../figures';
import type { Figures, TestState, TestStatus } from '../lspExt';

/** A fuzz test, or one line about it. */
type Node = { kind: 'test'; id: string } | { kind: 'fact'; label: string; description: string; icon: string };

const icons: Record<TestState, vscode.ThemeIcon> = {
  idle: new vscode.ThemeIcon('beaker'),
  queued: new vscode.ThemeIcon('clock'),
  building: new vscode.ThemeIcon('loading~spin'),
  running: new vscode.ThemeIcon('pulse', new vscode.ThemeColor('testing.iconPassed')),
  replaying: new vscode.ThemeIcon('sync~spin'),
  stopping: new vscode.ThemeIcon('loading~spin'),
};

export class TestsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly listening: vscode.Disposable;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly ctx: Ctx) {
    this.listening = ctx.state.onTests(() => { this.changed.fire(undefined); });
  }

  dispose(): void {
    this.listening.dispose();
    this.changed.dispose();
  }

  getChildren(node?: Node): Node[] {
    if (!node) return this.ctx.state.tests.map((test) => ({ kind: 'test', id: test.id }));
    const test = node.kind === 'test' ? this.ctx.state.test(node.id) : undefined;
    return test ? facts(test) : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'fact') {
      const item = new vscode.TreeItem(node.label);
      item.description = node.description;
      item.iconPath = new vscode.ThemeIcon(node.icon);
      return item;
    }
    const test = this.ctx.state.test(node.id);
    if (!test) return new vscode.TreeItem(node.id);
    const item = new vscode.TreeItem(test.name, test.figures ?? test.failure ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
    item.id = test.id;
    item.description = describe(test);
    item.tooltip = tooltip(test);
    const failed = test.failure !== undefined && test.state === 'idle';
    item.iconPath = failed ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')) : icons[test.state];
    // Menus depend on it: what can be done with the fuzz test now.
    item.contextValue = `fuzzls.test.${failed ? 'failed' : test.state === 'idle' ? 'idle' : 'active'}`;
    return item;
  }
}

function describe(test: TestStatus): string {
  switch (test.state) {
    case 'idle':
      if (test.failure) return 'could not be started';
      return test.figures ? `${grouped(test.figures.points)}/${grouped(test.figures.totalPoints)} points` : '';
    case 'running':
      return test.figures ? `${short(test.figures.runsPerSecond)}/s · ${grouped(test.figures.points)}/${grouped(test.figures.totalPoints)} points` : 'running';
    default:
      return test.state;
  }
}

function tooltip(test: TestStatus): vscode.MarkdownString {
  const lines = [`**${test.name}**`, '', test.package];
  if (test.figures) lines.push('', summaryLine(test.figures));
  if (test.failure) lines.push('', test.failure);
  return new vscode.MarkdownString(lines.join('\n'));
}

function facts(test: TestStatus): Node[] {
  const nodes: Node[] = [];
  const add = (label: string, description: string, icon: string): void => { nodes.push({ kind: 'fact', label, description, icon }); };
  if (test.failure) add('Failed', test.failure, 'warning');
  if (test.figures) addFigures(add, test.figures, test.state !== 'idle');
  if (test.workers) add('Workers', String(test.workers), 'server-process');
  return nodes;
}

function addFigures(add: (label: string, description: string, icon: string) => void, f: Figures, active: boolean): void {
  const rate = active ? `, ${short(f.runsPerSecond)} per second` : '';
  add('Runs', `${short(f.runs)}${rate}`, 'play');
  add('Unique runs', `${grouped(f.uniqueRuns)} inputs kept`, 'archive');
  const part = f.totalPoints > 0 ? ` (${((f.points / f.totalPoints) * 100).toFixed(1)} %)` : '';
  add('Points', `${grouped(f.points)} of ${grouped(f.totalPoints)}${part}`, 'target');
  if (active) add('Last find', `${age(f.sinceFind)} ago`, 'history');
  if (f.crashes > 0) add('Crashes', grouped(f.crashes), 'bug');
}
