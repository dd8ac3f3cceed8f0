// This file tells the user of new crashes, once for each signature.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { counted, crashTitle, functionName } from '../figures';
import type { CrashStatus } from '../lspExt';
import { Told } from './told';

/** More crashes at a time than this are told in one message. */
const singly = 2;

/** Tells of crashes as they are found, until it is disposed of. */
export function tellOfCrashes(ctx: Ctx): vscode.Disposable {
  const told = new Told();
  return ctx.state.onCrashes((fresh) => {
    const untold = told.untold(fresh, ctx.state.crashes);
    if (untold.length > singly) void tellMany(untold.length);
    else for (const crash of untold) void tell(crash);
  });
}

async function tell(crash: CrashStatus): Promise<void> {
  const choice = await vscode.window.showErrorMessage(`${functionName(crash.test)}: ${crashTitle(crash)}`, 'Open Reproducer', 'Go to Crash');
  if (choice === 'Open Reproducer') await vscode.commands.executeCommand('fuzzls.openReproducer', crash.signature);
  if (choice === 'Go to Crash') await vscode.commands.executeCommand('fuzzls.goToCrash', crash.signature);
}

async function tellMany(n: number): Promise<void> {
  const choice = await vscode.window.showErrorMessage(`Fuzzing found ${counted(n, 'new crash', 'new crashes')}.`, 'Show Them');
  if (choice) await vscode.commands.executeCommand('fuzzls.crashes.focus');
}
