// This file defines Ctx: it owns the client and, through it, the server. Everything else
// asks it for what the server knows and for what the server is to do.

import { setImmediate } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { FuzzlsClient } from './client';
import { textOf } from './errors';
import { LiveState } from './liveState';
import { contractVersion, type CoverageParams, type CrashesParams, type Requests, type ServerCommands, type StatusParams } from './lspExt';
import { findServer, ServerTrouble } from './serverBinary';

/** What is going on with the server; the context key fuzzls.phase. */
export type Phase = 'untrusted' | 'starting' | 'running' | 'failed' | 'stopped';

export class Ctx implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel('Fuzzls', { log: true });
  readonly state = new LiveState(this.log);
  private client: FuzzlsClient | undefined;
  private settings: vscode.Disposable | undefined;
  private current: Phase = 'stopped';
  private disposed = false;
  private readonly phaseChanged = new vscode.EventEmitter<Phase>();
  /** Starts and stops one after the other. */
  private queue: Promise<void> = Promise.resolve();

  readonly onPhase = this.phaseChanged.event;

  constructor(readonly extension: vscode.ExtensionContext) {}

  get phase(): Phase {
    return this.current;
  }

  /** Starts the server if the workspace is trusted. Trouble is told to the user. */
  start(): Promise<void> {
    return this.enqueue(() => this.startNow());
  }

  /** Stops the server and waits for its end. */
  stop(): Promise<void> {
    return this.enqueue(() => this.stopNow('stopped'));
  }

  restart(): Promise<void> {
    return this.enqueue(async () => {
      await this.stopNow('stopped');
      await this.startNow();
    });
  }

  /** Asks the server. Rejects if it is not running. */
  request<M extends keyof Requests>(method: M, params: Requests[M][0], token?: vscode.CancellationToken): Promise<Requests[M][1]> {
    const client = this.running();
    // An absent token must not be passed on: it would be taken for a second parameter.
    return token ? client.sendRequest<Requests[M][1]>(method, params, token) : client.sendRequest<Requests[M][1]>(method, params);
  }

  /** Has the server carry out a command. Rejects if it is not running, or with what failed. */
  execute<C extends keyof ServerCommands>(command: C, ...args: ServerCommands[C][0]): Promise<ServerCommands[C][1]> {
    return this.running().sendRequest<ServerCommands[C][1]>('workspace/executeCommand', { command, arguments: args });
  }

  /** The same, until it is cancelled: then it rejects. */
  executeUntil<C extends keyof ServerCommands>(token: vscode.CancellationToken, command: C, ...args: ServerCommands[C][0]): Promise<ServerCommands[C][1]> {
    return this.running().sendRequest<ServerCommands[C][1]>('workspace/executeCommand', { command, arguments: args }, token);
  }

  /** Logs what went wrong where nobody waits for it. */
  report(what: string, error: unknown): void {
    // An answer may come when the extension has ended, and its log with it.
    if (!this.disposed) this.log.error(`${what}: ${textOf(error)}`);
  }

  /** A location of the server's in VS Code's terms. */
  location(location: { uri: string; range: { start: Position; end: Position } }): vscode.Location {
    const { start, end } = location.range;
    return new vscode.Location(vscode.Uri.parse(location.uri), new vscode.Range(start.line, start.character, end.line, end.character));
  }

  dispose(): void {
    this.disposed = true;
    this.settings?.dispose();
    this.state.dispose();
    this.phaseChanged.dispose();
    this.log.dispose();
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step);
    return this.queue;
  }

  private running(): FuzzlsClient {
    if (this.client?.isRunning()) return this.client;
    if (this.current === 'untrusted') throw new Error('Fuzzls does nothing in an untrusted workspace: fuzzing builds and runs its code. Trust the workspace first.');
    throw new Error('The fuzzls server is not running. Use "Fuzzls: Restart Server", or look at "Fuzzls: Show Log".');
  }

  private async startNow(): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      this.setPhase('untrusted');
      return;
    }
    if (this.client) return;
    this.setPhase('starting');
    try {
      // Both take their time: one waits for a process, the other computes.
      const [binary, { makeClient }] = await Promise.all([findServer(this.extension.extensionPath), loadClient()]);
      this.log.info(`server: ${binary.path} (from the ${binary.origin}), ${binary.version}`);
      const client: FuzzlsClient = makeClient(binary, { log: this.log, gaveUp: (why) => { if (this.client === client) this.gaveUp(why); } });
      this.client = client;
      this.listen(client);
      await client.start();
      this.checkContract(client, binary.version);
      await this.begin(client);
    } catch (error) {
      const ended = this.client?.endedAtStart;
      await this.stopNow('failed');
      this.tell(ended ? new ServerTrouble('The fuzzls server ended as soon as it was started. Its log says why.') : error);
    }
  }

  private listen(client: FuzzlsClient): void {
    client.onNotification('fuzzls/coverage', (params: CoverageParams) => { this.state.applyCoverage(params); });
    client.onNotification('fuzzls/status', (params: StatusParams) => { this.state.setStatus(params); });
    client.onNotification('fuzzls/crashes', (params: CrashesParams) => { this.state.setCrashes(params); });
    this.settings?.dispose();
    this.settings = vscode.workspace.onDidChangeConfiguration((e) => {
      // The server then asks for the settings again.
      if (e.affectsConfiguration('fuzzls') && client.isRunning()) void client.sendNotification('workspace/didChangeConfiguration', { settings: null });
    });
    client.onRunning((running) => {
      if (this.client !== client) return;
      if (!running) this.state.clear();
      // The first start is completed by startNow; here it came back by itself.
      else if (this.current === 'running') void this.begin(client).catch((error: unknown) => { this.report('asking the server that came back', error); });
    });
  }

  /** Asks for what was told before this client listened. */
  private async begin(client: FuzzlsClient): Promise<void> {
    const status = await client.sendRequest<StatusParams>('fuzzls/status', {});
    const crashes = await client.sendRequest<CrashesParams>('fuzzls/crashes', {});
    if (this.client !== client) return; // stopped meanwhile
    this.state.setStatus(status);
    this.state.setCrashes({ ...crashes, fresh: [] });
    this.setPhase('running');
  }

  private checkContract(client: FuzzlsClient, version: string): void {
    const experimental = client.initializeResult?.capabilities.experimental as { fuzzls?: { version?: number } } | undefined;
    const spoken = experimental?.fuzzls?.version;
    if (spoken === contractVersion) return;
    const older = spoken === undefined || spoken < contractVersion;
    throw new ServerTrouble(
      `The fuzzls server (${version}) is too ${older ? 'old' : 'new'} for this extension: it speaks version ${spoken ?? 'none'} of the editor protocol, not ${contractVersion}. ` +
        (older ? 'Update it, or empty the setting "fuzzls.server.path" to use the one that came with the extension.' : 'Update the extension.'),
    );
  }

  private async stopNow(phase: Phase): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.state.clear();
    this.setPhase(phase);
    if (!client) return;
    try {
      await client.dispose();
    } catch (error) {
      // It has not started, or is gone already: then there is nothing left to stop.
      this.log.debug(`stopping the server: ${String(error)}`);
    }
  }

  private gaveUp(why: string): void {
    this.client = undefined;
    this.state.clear();
    this.setPhase('failed');
    this.tell(new ServerTrouble(why));
  }

  /** One message, with the ways out. */
  private tell(error: unknown): void {
    const text = error instanceof ServerTrouble ? error.message : `The fuzzls server could not be started: ${textOf(error)}`;
    this.log.error(text);
    void vscode.window.showErrorMessage(text, 'Start Again', 'Show Log', 'Open Settings').then((choice) => {
      if (choice === 'Start Again') void this.restart();
      if (choice === 'Show Log') this.log.show();
      if (choice === 'Open Settings') void vscode.commands.executeCommand('workbench.action.openSettings', 'fuzzls.server');
    });
  }

  private setPhase(phase: Phase): void {
    this.current = phase;
    void vscode.commands.executeCommand('setContext', 'fuzzls.phase', phase);
    this.phaseChanged.fire(phase);
  }
}

/** Loads the client, after all that is activated together with us. */
async function loadClient(): Promise<typeof import('./client')> {
  await setImmediate();
  return import('./client');
}

interface Position {
  line: number;
  character: number;
}
