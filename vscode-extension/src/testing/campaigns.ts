// This file shows campaigns as test runs: a fuzz test that is being fuzzed spins in the
// Testing view, wherever it was started, and the run's stop button stops it.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { crashTitle, summaryLine } from '../figures';
import type { CrashStatus, TestStatus } from '../lspExt';
import { itemOf } from './items';
import { messageOf } from './messages';

/**
 * States in which a fuzz test may belong to a campaign. One that is queued or built may as
 * well be about to be replayed, which is no campaign.
 */
const fuzzing = new Set(['queued', 'building', 'running', 'stopping']);

/** A fuzz test that is being fuzzed. */
interface Running {
  run: vscode.TestRun;
  item: vscode.TestItem;
  crashes: Map<string, CrashStatus>;
  /** The last figures that were written to the output. */
  line: string;
}

export class CampaignRuns implements vscode.Disposable {
  /** By the fuzz test's id. */
  private readonly running = new Map<string, Running>();
  /** Runs that the user asked for, by the ids of fuzz tests that are not yet known to be running. */
  private readonly asked = new Map<string, vscode.TestRun>();
  private readonly disposables: vscode.Disposable[];

  constructor(
    private readonly ctx: Ctx,
    private readonly controller: vscode.TestController,
    private readonly profile: () => vscode.TestRunProfile,
  ) {
    this.disposables = [ctx.state.onCrashes((fresh) => { this.crashed(fresh); })];
  }

  dispose(): void {
    for (const id of [...this.running.keys()]) this.end(id);
    for (const run of new Set(this.asked.values())) run.end();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /**
   * Starts the fuzz tests of a request. The run is made at once: VS Code takes a request
   * for done whose handler returns without one.
   */
  async start(request: vscode.TestRunRequest, items: vscode.TestItem[]): Promise<void> {
    const run = this.newRun(request);
    for (const item of items) {
      run.enqueued(item);
      this.asked.set(item.id, run);
    }
    try {
      await this.ctx.execute('fuzzls.start', ...items.map((item) => item.id));
      this.ctx.state.setStatus(await this.ctx.request('fuzzls/status', {}));
    } finally {
      // What runs by now has begun; the others did not start.
      for (const item of items) {
        if (this.asked.get(item.id) !== run) continue;
        this.asked.delete(item.id);
        const failure = this.ctx.state.test(item.id)?.failure;
        if (failure) run.errored(item, new vscode.TestMessage(failure));
        else run.skipped(item);
      }
      this.endIfDone(run);
    }
  }

  /** Begins and ends runs as the states of the fuzz tests say. */
  update(): void {
    for (const test of this.ctx.state.tests) {
      if (fuzzing.has(test.state)) {
        const begins = test.state === 'running' || this.asked.has(test.id);
        if (begins && !this.running.has(test.id)) this.begin(test);
        this.report(test);
      } else if (this.running.has(test.id)) {
        this.end(test.id, test.failure);
      }
    }
    const known = new Set(this.ctx.state.tests.map((test) => test.id));
    for (const id of [...this.running.keys()]) if (!known.has(id)) this.end(id);
  }

  private begin(test: TestStatus): void {
    const item = itemOf(this.controller, test);
    if (!item) return;
    const run = this.asked.get(test.id) ?? this.newRun(new vscode.TestRunRequest([item], undefined, this.profile()));
    this.asked.delete(test.id);
    run.started(item);
    this.running.set(test.id, { run, item, crashes: new Map(), line: '' });
  }

  private newRun(request: vscode.TestRunRequest): vscode.TestRun {
    const run = this.controller.createTestRun(request, 'Fuzzing', false);
    run.token.onCancellationRequested(() => void this.stop(run));
    return run;
  }

  private async stop(run: vscode.TestRun): Promise<void> {
    const ids = [...this.running].filter(([, running]) => running.run === run).map(([id]) => id);
    try {
      if (ids.length > 0) await this.ctx.execute('fuzzls.stop', ...ids);
    } catch (error) {
      this.ctx.report('stopping fuzz tests', error);
      for (const id of ids) this.end(id);
    }
  }

  private report(test: TestStatus): void {
    const running = this.running.get(test.id);
    if (!running || !test.figures) return;
    const line = `${test.name}: ${summaryLine(test.figures)}`;
    if (line === running.line) return;
    running.line = line;
    running.run.appendOutput(`${line}\r\n`, undefined, running.item);
  }

  private crashed(fresh: readonly CrashStatus[]): void {
    for (const crash of fresh) {
      const running = this.running.get(crash.test);
      if (!running) continue;
      running.crashes.set(crash.signature, crash);
      running.run.appendOutput(`${crashTitle(crash).replaceAll('\n', '\r\n')}\r\n`, crash.location && this.ctx.location(crash.location), running.item);
    }
  }

  private end(id: string, failure?: string): void {
    const running = this.running.get(id);
    if (!running) return;
    this.running.delete(id);
    const { run, item, crashes } = running;
    if (failure) run.errored(item, new vscode.TestMessage(failure));
    else if (crashes.size > 0) run.failed(item, [...crashes.values()].map((crash) => messageOf(this.ctx, crash)));
    else run.passed(item);
    this.endIfDone(run);
  }

  /** Ends a run of which nothing is running or about to. */
  private endIfDone(run: vscode.TestRun): void {
    const busy = [...this.running.values()].some((other) => other.run === run) || [...this.asked.values()].includes(run);
    if (!busy) run.end();
  }
}
