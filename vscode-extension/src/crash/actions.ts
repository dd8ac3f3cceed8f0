// This file defines what a user does with a crash.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { CrashStatus } from '../lspExt';

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

function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
