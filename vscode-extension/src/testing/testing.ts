// This file puts the fuzz tests into the Testing view, with three ways to run them: replay
// their corpus, fuzz them until stopped, and replay with a snapshot of the coverage.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { textOf } from '../errors';
import type { CrashStatus } from '../lspExt';
import { CampaignRuns } from './campaigns';
import { addCoverage, loadLines } from './coverage';
import { requested, syncItems } from './items';
import { messageOf } from './messages';

export class Testing implements vscode.Disposable {
  readonly controller = vscode.tests.createTestController('fuzzls', 'Fuzz Tests');
  private readonly campaigns: CampaignRuns;
  private readonly coverageProfile: vscode.TestRunProfile;
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly ctx: Ctx) {
    const replay = this.controller.createRunProfile('Replay Corpus', vscode.TestRunProfileKind.Run, (request, token) => this.replay(request, token, false), true);
    const fuzz = this.controller.createRunProfile('Fuzz', vscode.TestRunProfileKind.Run, (request) => this.fuzz(request), false);
    this.coverageProfile = this.controller.createRunProfile('Replay Corpus with Coverage', vscode.TestRunProfileKind.Coverage, (request, token) => this.replay(request, token, true), true);
    this.coverageProfile.loadDetailedCoverage = (_, file, token) => loadLines(ctx, file.uri, token);
    this.campaigns = new CampaignRuns(ctx, this.controller, () => fuzz);
    this.disposables = [
      this.campaigns, replay, fuzz, this.coverageProfile, this.controller,
      ctx.state.onTests(() => {
        syncItems(ctx, this.controller);
        this.campaigns.update();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Shows what is covered now, without running anything. */
  async showCoverage(): Promise<void> {
    const run = this.controller.createTestRun(new vscode.TestRunRequest(undefined, undefined, this.coverageProfile), 'Coverage', false);
    try {
      const files = await addCoverage(this.ctx, run);
      if (files === 0) void vscode.window.showInformationMessage('Nothing is covered yet: start fuzzing, or replay a corpus.');
    } finally {
      run.end();
    }
  }

  private async fuzz(request: vscode.TestRunRequest): Promise<void> {
    try {
      await this.campaigns.start(request, requested(this.controller, request));
    } catch (error) {
      void vscode.window.showErrorMessage(textOf(error));
    }
  }

  /** Runs the seeds, corpus and reproducers of the fuzz tests once, one after another. */
  private async replay(request: vscode.TestRunRequest, token: vscode.CancellationToken, coverage: boolean): Promise<void> {
    const items = requested(this.controller, request);
    const run = this.controller.createTestRun(request, 'Replay', true);
    for (const item of items) run.enqueued(item);
    try {
      for (const item of items) {
        if (token.isCancellationRequested) run.skipped(item);
        else await this.replayOne(run, item, token);
      }
      if (coverage) await addCoverage(this.ctx, run);
    } catch (error) {
      run.appendOutput(`${textOf(error)}\r\n`);
    } finally {
      run.end();
    }
  }

  private async replayOne(run: vscode.TestRun, item: vscode.TestItem, token: vscode.CancellationToken): Promise<void> {
    run.started(item);
    const start = Date.now();
    try {
      // The run has the result: no message in addition.
      const result = await this.ctx.executeUntil(token, 'fuzzls.replay', item.id, { quiet: true });
      run.appendOutput(`${result.message}\r\n`, undefined, item);
      const took = Date.now() - start;
      const crashes = result.crashes.map((signature) => this.ctx.state.crash(signature)).filter((c): c is CrashStatus => c !== undefined);
      if (result.crashes.length === 0) run.passed(item, took);
      else run.failed(item, crashes.length > 0 ? crashes.map((crash) => messageOf(this.ctx, crash)) : new vscode.TestMessage(result.message), took);
    } catch (error) {
      if (token.isCancellationRequested) run.skipped(item);
      else run.errored(item, new vscode.TestMessage(textOf(error)), Date.now() - start);
    }
  }
}
