// This file is the table of commands. Those of the server are passed on to it; all errors
// are shown to the user, as the server words them.

import * as vscode from 'vscode';
import type { Navigator } from './coverage/navigator';
import type { Follower } from './coverage/follower';
import type { ReproducerPanels } from './crash/panels';
import { copyReplayCommand, dismiss, makeTest, minimize, replayCrash } from './crash/actions';
import { debugCrash } from './crash/debug';
import type { Ctx } from './ctx';
import { textOf } from './errors';
import { pickCrash, pickTest } from './pick';
import type { CrashStatus } from './lspExt';
import { showLocation } from './show';

/** What the commands need. */
export interface Parts {
  navigator: Navigator;
  follower: Follower;
  panels: ReproducerPanels;
  showCoverage: () => Promise<void>;
}

type Handler = (...args: unknown[]) => Promise<void> | void;

/** Registers all commands. */
export function registerCommands(ctx: Ctx, parts: Parts): vscode.Disposable {
  const crash = (act: (ctx: Ctx, crash: CrashStatus) => Promise<void>, placeHolder: string): Handler => async (target) => {
    const chosen = await pickCrash(ctx, idOf(target), placeHolder);
    if (chosen) await act(ctx, chosen);
  };
  const table: Record<string, Handler> = {
    'fuzzls.start': async (...targets) => { await ctx.execute('fuzzls.start', ...targets.flatMap((t) => idOf(t) ?? [])); },
    'fuzzls.stop': async (...targets) => { await ctx.execute('fuzzls.stop', ...targets.flatMap((t) => idOf(t) ?? [])); },
    'fuzzls.startAtCursor': () => startAtCursor(ctx),
    'fuzzls.replay': (target) => replay(ctx, target),
    'fuzzls.showReport': async () => { await ctx.execute('fuzzls.showReport'); },
    'fuzzls.showFailure': (target) => showFailure(ctx, target),
    'fuzzls.clearCoverage': async () => { await ctx.execute('fuzzls.clearCoverage'); },
    'fuzzls.showCoverage': () => parts.showCoverage(),
    'fuzzls.chooseDisplay': chooseDisplay,
    'fuzzls.nextUncovered': () => parts.navigator.next(),
    'fuzzls.previousUncovered': () => parts.navigator.previous(),
    'fuzzls.newestCovered': () => parts.navigator.newest(),
    'fuzzls.follow': () => { parts.follower.start(); },
    'fuzzls.unfollow': () => { parts.follower.stop(); },
    'fuzzls.showCampaign': async () => { await vscode.commands.executeCommand('fuzzls.tests.focus'); },
    'fuzzls.goToTest': (target) => goToTest(ctx, target),
    'fuzzls.openReproducer': crash((_, c) => parts.panels.open(c), 'Open the reproducer of which crash?'),
    'fuzzls.goToCrash': crash(goToCrash, 'Go to which crash?'),
    'fuzzls.replayCrash': crash(replayCrash, 'Replay which crash?'),
    'fuzzls.debugCrash': crash(debugCrash, 'Debug which crash?'),
    'fuzzls.makeTest': crash(makeTest, 'Make a test of which crash?'),
    'fuzzls.minimize': crash(minimize, 'Minimize the reproducer of which crash?'),
    'fuzzls.dismiss': crash(dismiss, 'Dismiss which crash?'),
    'fuzzls.copyReplayCommand': crash(copyReplayCommand, 'Copy the command that replays which crash?'),
    'fuzzls.restartServer': () => ctx.restart(),
    'fuzzls.showLog': () => { ctx.log.show(); },
  };
  const registered = Object.entries(table).map(([name, handler]) => vscode.commands.registerCommand(name, telling(ctx, handler)));
  return vscode.Disposable.from(...registered);
}

/** Runs a handler and shows its error. */
function telling(ctx: Ctx, handler: Handler): Handler {
  return async (...args) => {
    try {
      await handler(...args);
    } catch (error) {
      const message = textOf(error);
      ctx.log.error(message);
      void vscode.window.showErrorMessage(message);
    }
  };
}

/**
 * The id that a command's argument stands for: the server passes ids and signatures as
 * they are, views pass their element. Others, such as a menu's context, have none.
 */
function idOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  if ('signature' in target && typeof target.signature === 'string') return target.signature;
  if ('id' in target && typeof target.id === 'string') return target.id;
  return undefined;
}

async function startAtCursor(ctx: Ctx): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const here = editor?.document.uri.toString();
  const line = editor?.selection.active.line ?? 0;
  // The fuzz test that the cursor is in begins above it.
  const above = ctx.state.tests.filter((test) => vscode.Uri.parse(test.location.uri).toString() === here && test.location.range.start.line <= line);
  const nearest = above.reduce((best, test) => (best && best.location.range.start.line > test.location.range.start.line ? best : test), above[0]);
  const chosen = nearest ?? (await pickTest(ctx, undefined, 'Fuzz which fuzz test?'));
  if (chosen) await ctx.execute('fuzzls.start', chosen.id);
}

async function replay(ctx: Ctx, target: unknown): Promise<void> {
  if (typeof target === 'object' && target !== null && 'signature' in target) {
    const crash = await pickCrash(ctx, idOf(target), 'Replay which crash?');
    if (crash) await replayCrash(ctx, crash);
    return;
  }
  const test = await pickTest(ctx, idOf(target), 'Replay the corpus of which fuzz test?');
  // The server tells the result with a message of its own.
  if (test) await ctx.execute('fuzzls.replay', test.id);
}

async function showFailure(ctx: Ctx, target: unknown): Promise<void> {
  const test = await pickTest(ctx, idOf(target), 'Show why which fuzz test could not be started?');
  if (test) await ctx.execute('fuzzls.showFailure', test.id);
}

async function goToTest(ctx: Ctx, target: unknown): Promise<void> {
  const test = await pickTest(ctx, idOf(target), 'Go to which fuzz test?');
  if (test) await showLocation(ctx.location(test.location));
}

async function goToCrash(ctx: Ctx, crash: CrashStatus): Promise<void> {
  if (!crash.location) throw new Error('It is not known where in your source this crash happened: open its reproducer to see the stack.');
  await showLocation(ctx.location(crash.location));
}

async function chooseDisplay(): Promise<void> {
  const settings = vscode.workspace.getConfiguration('fuzzls');
  const items = [
    { label: 'gutter', description: 'a stripe beside the line numbers' },
    { label: 'line', description: 'a stripe and a tint on the lines' },
    { label: 'ruler', description: 'marks in the overview ruler only' },
    { label: 'off', description: 'nothing' },
  ];
  const present = settings.get<string>('coverage.display');
  const choice = await vscode.window.showQuickPick(items, { placeHolder: `Show coverage how? Now: ${present ?? 'gutter'}` });
  if (!choice) return;
  // A choice of the user's own would be without effect where the workspace has one.
  const { workspaceValue } = settings.inspect('coverage.display') ?? {};
  await settings.update('coverage.display', choice.label, workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace);
}
