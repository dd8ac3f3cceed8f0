// This file defines what a user does with a crash.

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { age, functionName } from '../figures';
import type { CrashStatus } from '../lspExt';

/** The Go extension, which has the debugger. */
const goExtension = 'golang.go';

export async function replayCrash(ctx: Ctx, crash: CrashStatus): Promise<void> {
  // The server tells the result with a message of its own.
  await ctx.execute('fuzzls.replay', { signature: crash.signature });
}

export async function minimize(ctx: Ctx, crash: CrashStatus): Promise<void> {
  const result = await ctx.execute('fuzzls.minimize', crash.signature);
  void vscode.window.showInformationMessage(result.message);
}

export async function makeTest(ctx: Ctx, crash: CrashStatus): Promise<void> {
  const result = await ctx.execute('fuzzls.makeTest', crash.signature);
  void vscode.window.showInformationMessage(result.message);
}

export async function dismiss(ctx: Ctx, crash: CrashStatus): Promise<void> {
  await ctx.execute('fuzzls.dismiss', crash.signature);
}

export async function copyReplayCommand(_: Ctx, crash: CrashStatus): Promise<void> {
  await vscode.env.clipboard.writeText(`cd ${quote(crash.replayDir)} && ${crash.replay}`);
  void vscode.window.setStatusBarMessage('Fuzzls: replay command copied', 3000);
}

/** Starts the Go debugger on the reproducer; it stops where the crash happens. */
export async function debugCrash(ctx: Ctx, crash: CrashStatus): Promise<void> {
  if (!vscode.extensions.getExtension(goExtension)) {
    const choice = await vscode.window.showErrorMessage('Debugging needs the Go extension.', 'Find It', 'Copy Replay Command');
    if (choice === 'Find It') await vscode.commands.executeCommand('workbench.extensions.search', goExtension);
    if (choice === 'Copy Replay Command') await copyReplayCommand(ctx, crash);
    return;
  }
  const test = ctx.state.test(crash.test);
  if (!test) throw new Error(`The fuzz test ${crash.test} was not found in this workspace.`);
  const program = path.dirname(vscode.Uri.parse(test.location.uri).fsPath);
  const reproducer = path.basename(vscode.Uri.parse(crash.reproducer).fsPath);
  const started = await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(vscode.Uri.file(program)), {
    type: 'go',
    request: 'launch',
    mode: 'test',
    name: `Debug ${test.name}/${reproducer}`,
    program,
    args: ['-test.run', `^${test.name}$/^${reproducer}$`],
  });
  if (!started) throw new Error('The debugger did not start: the Go extension says why.');
}

/** "FuzzParse crashed 3 times, last 5 min ago" */
export function history(crash: CrashStatus, now: number): string {
  const times = crash.count === 1 ? 'once' : `${crash.count} times`;
  return `${functionName(crash.test)} crashed ${times}, last ${age(now - crash.last)} ago`;
}

function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
