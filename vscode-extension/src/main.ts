// This file is the extension's entry: it puts the parts together. The extension shows what
// the server tells and passes on what the user wants; it decides nothing about fuzzing.

import * as vscode from 'vscode';
import { CrashesTree } from './campaign/crashesTree';
import { FilesTree } from './campaign/filesTree';
import { PlotView } from './campaign/plotView';
import { TestsTree } from './campaign/testsTree';
import { registerCommands } from './commands';
import { keepContextKeys } from './contextKeys';
import { Follower } from './coverage/follower';
import { Navigator } from './coverage/navigator';
import { Painter } from './coverage/painter';
import { tellOfCrashes } from './crash/notifier';
import { ReproducerPanels } from './crash/panels';
import { Ctx } from './ctx';
import { StatusBar } from './statusBar';
import { Testing } from './testing/testing';

/** What the tests inside the extension host look at. Other extensions are promised nothing. */
export interface Parts {
  ctx: Ctx;
  painter: Painter;
  panels: ReproducerPanels;
  statusBar: StatusBar;
  testing: Testing;
}

let ctx: Ctx | undefined;

/** Returns at once: the server is started, and its client loaded, afterwards. */
export function activate(extension: vscode.ExtensionContext): Parts {
  const made = new Ctx(extension);
  ctx = made;
  const follower = new Follower(made);
  const panels = new ReproducerPanels(made);
  const testing = new Testing(made);
  const files = new FilesTree(made);
  const tests = new TestsTree(made);
  const crashes = new CrashesTree(made);
  const plot = new PlotView(made);
  const painter = new Painter(made.state);
  const statusBar = new StatusBar(made);
  const parts = { navigator: new Navigator(made), follower, panels, showCoverage: () => testing.showCoverage() };
  extension.subscriptions.push(
    follower, panels, testing, files, tests, crashes, plot, painter, statusBar,
    keepContextKeys(made),
    tellOfCrashes(made),
    registerCommands(made, parts),
    files.createView(),
    vscode.window.registerTreeDataProvider('fuzzls.tests', tests),
    vscode.window.registerTreeDataProvider('fuzzls.crashes', crashes),
    vscode.window.registerWebviewViewProvider('fuzzls.plot', plot),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void made.start()),
    // The last one: the others listen to it, and write to its log.
    made,
  );
  void made.start();
  return { ctx: made, painter, panels, statusBar, testing };
}

/** VS Code waits for the server's end, but not for long. */
export async function deactivate(): Promise<void> {
  await ctx?.stop();
}
