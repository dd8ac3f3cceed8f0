// This file defines the view "Crashes": one element for each signature, with its stack.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { age, crashTitle, functionName } from '../figures';
import type { CrashStatus, Frame } from '../lspExt';

type Node = { kind: 'crash'; signature: string } | { kind: 'frame'; signature: string; frame: Frame };

export class CrashesTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly listening: vscode.Disposable;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly ctx: Ctx) {
    this.listening = ctx.state.onCrashes(() => { this.changed.fire(undefined); });
  }

  dispose(): void {
    this.listening.dispose();
    this.changed.dispose();
  }

  getChildren(node?: Node): Node[] {
    if (!node) return this.ctx.state.crashes.map((crash) => ({ kind: 'crash', signature: crash.signature }));
    if (node.kind === 'frame') return [];
    const { signature } = node;
    return this.ctx.state.crash(signature)?.frames.map((frame) => ({ kind: 'frame', signature, frame })) ?? [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'frame') return this.frameItem(node.frame);
    const crash = this.ctx.state.crash(node.signature);
    return crash ? crashItem(crash) : new vscode.TreeItem(node.signature);
  }

  private frameItem(frame: Frame): vscode.TreeItem {
    const item = new vscode.TreeItem(frame.function);
    item.iconPath = new vscode.ThemeIcon(frame.own ? 'debug-stackframe' : 'debug-stackframe-dot');
    if (frame.location) {
      const { uri, range } = this.ctx.location(frame.location);
      item.description = `${vscode.workspace.asRelativePath(uri)}:${range.start.line + 1}`;
      item.command = { command: 'vscode.open', title: 'Open', arguments: [uri, { selection: range }] };
    }
    return item;
  }
}

function crashItem(crash: CrashStatus): vscode.TreeItem {
  const fixed = crash.status === 'fixed';
  const item = new vscode.TreeItem(cause(crash), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = crash.signature;
  item.description = `${functionName(crash.test)}${fixed ? ' · no longer crashes' : ` · ${crash.count}× · ${age(Date.now() - crash.last)} ago`}`;
  item.iconPath = fixed
    ? new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'))
    : new vscode.ThemeIcon('bug', new vscode.ThemeColor('testing.iconFailed'));
  item.contextValue = 'fuzzls.crash';
  item.tooltip = `${crashTitle(crash)}\n${crash.test}\n${crash.signature}`;
  item.command = { command: 'fuzzls.openReproducer', title: 'Open Reproducer', arguments: [crash.signature] };
  return item;
}

/** "index out of range [2] with length 2": a narrow view must not spend its width on "panic: runtime error". */
function cause(crash: CrashStatus): string {
  return crashTitle(crash).replace(/^panic: (runtime error: )?(?=.)/, '');
}
