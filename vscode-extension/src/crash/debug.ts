// This file debugs a crash with the debugger of the language's own extension.

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { CrashStatus } from '../lspExt';
import { copyReplayCommand } from './actions';
import { goLaunch, nativeLaunch, type Launch } from './launch';

/** An extension that brings a debugger. */
interface Debugger {
  id: string;
  name: string;
}

const goDebugger: Debugger = { id: 'golang.go', name: 'Go' };
const nativeDebugger: Debugger = { id: 'vadimcn.vscode-lldb', name: 'CodeLLDB' };

/** Starts the debugger on the reproducer; it stops where the crash happens. */
export async function debugCrash(ctx: Ctx, crash: CrashStatus): Promise<void> {
  const test = ctx.state.test(crash.test);
  if (!test) throw new Error(`The fuzz test ${crash.test} was not found in this workspace.`);
  const source = vscode.Uri.parse(test.location.uri);
  const go = source.path.endsWith('.go');
  const needed = go ? goDebugger : nativeDebugger;
  if (!vscode.extensions.getExtension(needed.id)) {
    await offer(ctx, crash, needed);
    return;
  }
  const launch = go ? goLaunchOf(source, test.name, crash) : nativeLaunch(`Debug ${test.name}`, crash.replay, crash.replayDir);
  const started = await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(source), launch);
  if (!started) throw new Error(`The debugger did not start: the extension ${needed.name} says why.`);
}

function goLaunchOf(source: vscode.Uri, test: string, crash: CrashStatus): Launch {
  const settings = vscode.workspace.getConfiguration('fuzzls', source);
  return goLaunch({
    test, dir: path.dirname(source.fsPath), reproducer: vscode.Uri.parse(crash.reproducer).fsPath,
    buildFlags: settings.get<string[]>('go.buildFlags', []), env: settings.get<Record<string, string>>('env', {}),
  });
}

/** Says what is missing, and leads there. */
async function offer(ctx: Ctx, crash: CrashStatus, needed: Debugger): Promise<void> {
  const choice = await vscode.window.showErrorMessage(`Debugging this crash needs the extension ${needed.name} (${needed.id}), which is not installed.`, 'Find It', 'Copy Replay Command');
  if (choice === 'Find It') await vscode.commands.executeCommand('workbench.extensions.search', `@id:${needed.id}`);
  if (choice === 'Copy Replay Command') await copyReplayCommand(ctx, crash);
}
