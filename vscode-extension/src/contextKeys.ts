// This file keeps the context keys that menus, key bindings and views depend on. The phase
// is set by Ctx, and whether new coverage is followed by Follower.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';

export function keepContextKeys(ctx: Ctx): vscode.Disposable {
  const values = new Map<string, boolean>();
  const set = (key: string, value: boolean): void => {
    if (values.get(key) === value) return;
    values.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const covered = (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri.toString();
    set('fuzzls.hasCoverage', uri !== undefined && (ctx.state.coverage(uri)?.summary.instrumented ?? 0) > 0);
  };
  return vscode.Disposable.from(
    ctx.state.onTests(() => { set('fuzzls.fuzzing', ctx.state.active); }),
    ctx.state.onCrashes(() => { set('fuzzls.hasCrashes', ctx.state.crashes.length > 0); }),
    ctx.state.onCoverage(covered),
    vscode.window.onDidChangeActiveTextEditor(covered),
  );
}
