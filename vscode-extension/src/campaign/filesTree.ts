// This file defines the view "Files by Uncovered Lines": the files with most to reach first.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { counted, percent } from '../figures';
import type { FileSummary } from '../lspExt';

/** The files are asked for again at most once in this time, in ms; it needs no more to be read. */
const refreshEvery = 2000;

export class FilesTree implements vscode.TreeDataProvider<FileSummary>, vscode.Disposable {
  private files: FileSummary[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly disposables: vscode.Disposable[] = [];
  readonly onDidChangeTreeData = this.changed.event;

  /** The view is known only after it was made with this provider. */
  private view: vscode.TreeView<FileSummary> | undefined;

  constructor(private readonly ctx: Ctx) {
    this.disposables.push(
      ctx.state.onTests(() => { this.refreshSoon(); }),
      ctx.state.onCoverage(() => { this.refreshSoon(); }),
      ctx.onPhase(() => { this.refreshSoon(); }),
    );
  }

  /** Makes the view. Nothing is asked for while it is not visible. */
  createView(): vscode.Disposable {
    const view = vscode.window.createTreeView('fuzzls.files', { treeDataProvider: this });
    this.view = view;
    this.disposables.push(view.onDidChangeVisibility((e) => { if (e.visible) this.refreshSoon(); }));
    return view;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changed.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  getChildren(node?: FileSummary): FileSummary[] {
    return node ? [] : this.files;
  }

  getTreeItem(file: FileSummary): vscode.TreeItem {
    const uri = vscode.Uri.parse(file.uri);
    const item = new vscode.TreeItem(uri);
    item.id = file.uri;
    item.label = vscode.workspace.asRelativePath(uri);
    const uncovered = file.instrumented - file.covered - file.partly;
    item.description = `${percent(file)} · ${uncovered} uncovered${file.partly > 0 ? `, ${file.partly} partly` : ''}`;
    item.tooltip = `${counted(file.instrumented, 'line')} with code: ${file.covered} covered, ${file.partly} partly, ${uncovered} uncovered`;
    item.iconPath = vscode.ThemeIcon.File;
    item.command = { command: 'vscode.open', title: 'Open', arguments: [uri] };
    return item;
  }

  private refreshSoon(): void {
    if (!this.view?.visible) return;
    this.timer ??= setTimeout(() => void this.refresh(), this.files.length === 0 ? 0 : refreshEvery);
  }

  private async refresh(): Promise<void> {
    try {
      const files = this.ctx.phase === 'running' ? (await this.ctx.request('fuzzls/files', {})).files : [];
      if (JSON.stringify(files) !== JSON.stringify(this.files)) {
        this.files = files;
        this.changed.fire(undefined);
      }
    } catch (error) {
      this.ctx.report('files by uncovered lines', error);
    } finally {
      this.timer = undefined;
    }
  }
}
