// This file asks the user which fuzz test or crash is meant, where a command was not told.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import { crashTitle, summaryLine } from './figures';
import type { CrashStatus, TestStatus } from './lspExt';

/** The fuzz test with the id; without one, the only one or the user's choice. */
export async function pickTest(ctx: Ctx, id: string | undefined, placeHolder: string): Promise<TestStatus | undefined> {
  const tests = ctx.state.tests;
  if (id !== undefined) return ctx.state.test(id);
  if (tests.length === 0) throw new Error('No fuzz tests were found in this workspace: write a function FuzzXxx(f *testing.F) in a _test.go file.');
  if (tests.length === 1) return tests[0];
  const items = tests.map((test) => ({ label: test.name, description: test.package, detail: test.figures ? summaryLine(test.figures) : '', test }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.test;
}

/** The crash with the signature; without one, the only one or the user's choice. */
export async function pickCrash(ctx: Ctx, signature: string | undefined, placeHolder: string): Promise<CrashStatus | undefined> {
  if (signature !== undefined) {
    const crash = ctx.state.crash(signature);
    if (!crash) throw new Error('This crash is not known any longer: it was dismissed, or its files were deleted.');
    return crash;
  }
  const crashes = ctx.state.crashes;
  if (crashes.length === 0) throw new Error('There are no crashes.');
  if (crashes.length === 1) return crashes[0];
  const items = crashes.map((crash) => ({ label: crashTitle(crash), description: crash.test, detail: crash.frames.find((f) => f.own)?.function ?? '', crash }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true, matchOnDetail: true }))?.crash;
}
