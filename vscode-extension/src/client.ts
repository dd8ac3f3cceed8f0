// This file makes the language client: how it is connected to the server, what it tells
// the server about itself, and what it does when the server ends unexpectedly. It is loaded
// when a server is started: the library that it needs takes longer to load than all else.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  State,
  TransportKind,
  type CloseHandlerResult,
  type ClientCapabilities,
  type DynamicFeature,
  type ErrorHandler,
  type ErrorHandlerResult,
  type LanguageClientOptions,
  type MessageTransports,
  type Middleware,
  type ProgressToken,
  type ServerOptions,
  type StaticFeature,
} from 'vscode-languageclient/node';
import { textOf } from './errors';
import type { ServerBinary } from './serverBinary';

/** So many unexpected ends within crashWindow are repaired silently; then the user is told. */
const maxRestarts = 3;
/** In ms; a server that ran longer than that between two ends is worth another try. */
const crashWindow = 3 * 60_000;

/**
 * The language client. Commands of the server are carried out by our own commands, and what
 * goes wrong is told by its owner, once and with a way out, not by the library.
 */
export class FuzzlsClient extends LanguageClient {
  constructor(server: ServerOptions, options: LanguageClientOptions, private readonly ends: RestartSomeTimes) {
    super('fuzzls', 'Fuzzls', server, { ...options, errorHandler: ends });
    this.onRunning((running) => { if (running) ends.ran = true; });
  }

  /** The server ended before it could be used: that is why start failed. */
  get endedAtStart(): boolean {
    return this.ends.endedAtStart;
  }

  /** Tells when the server has started, and when it has ended. */
  onRunning(tell: (running: boolean) => void): vscode.Disposable {
    return this.onDidChangeState(({ newState, oldState }) => {
      if (newState === State.Running || oldState === State.Running) tell(newState === State.Running);
    });
  }

  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    // It would register the server's commands in VS Code: they would be missing, with an
    // error that explains nothing, while the server does not run.
    if ('registrationType' in feature && feature.registrationType.method === 'workspace/executeCommand') return;
    super.registerFeature(feature);
  }

  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  protected override async createMessageTransports(encoding: string): Promise<MessageTransports> {
    try {
      return await super.createMessageTransports(encoding);
    } catch (error) {
      // Nobody waits for a server to come back.
      if (this.ends.ran) this.ends.owner.gaveUp(`The fuzzls server ended unexpectedly and could not be started again: ${textOf(error)}`);
      throw error;
    }
  }
}

/** Tells the server that this client understands the fuzzls/… notifications. */
const optIn: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.workspace = { ...capabilities.workspace, executeCommand: {} };
    capabilities.experimental = { fuzzls: true };
  },
  initialize(): void { /* nothing to set up */ },
  getState() { return { kind: 'static' }; },
  clear(): void { /* nothing to undo */ },
};

/** What the client needs from its owner. */
export interface ClientOwner {
  log: vscode.LogOutputChannel;
  /** The server has ended, and is not started again; why is for the user. */
  gaveUp: (why: string) => void;
}

/** Makes a client that has not been started. */
export function makeClient(binary: ServerBinary, owner: ClientOwner): FuzzlsClient {
  const settings = vscode.workspace.getConfiguration('fuzzls');
  const level = settings.get<string>('server.logLevel', 'warn');
  const options: LanguageClientOptions = {
    documentSelector: ['go', 'c', 'cpp', 'rust', 'zig'].map((language) => ({ scheme: 'file', language })),
    outputChannel: owner.log,
    initializationOptions: () => ({ trusted: vscode.workspace.isTrusted, settings: JSON.parse(JSON.stringify(settings)) as unknown }),
    initializationFailedHandler: () => false,
    markdown: { isTrusted: false },
    middleware: { handleWorkDoneProgress: withoutCampaigns() },
  };
  const server = { command: binary.path, args: ['lsp', `--log-level=${level}`], transport: TransportKind.stdio };
  const client = new FuzzlsClient(server, options, new RestartSomeTimes(owner));
  client.registerFeature(optIn);
  return client;
}

/**
 * Progress is shown but that of campaigns: the status bar item and the Testing view show
 * them better, and VS Code would put both side by side.
 */
function withoutCampaigns(): NonNullable<Middleware['handleWorkDoneProgress']> {
  const campaigns = new Set<ProgressToken>();
  return (token, params, next) => {
    if (params.kind === 'begin' && params.title.startsWith('Fuzzing ')) campaigns.add(token);
    if (params.kind === 'end') campaigns.delete(token);
    if (!campaigns.has(token)) next(token, params);
  };
}

/** Restarts a server that ends, unless it does so again and again. */
class RestartSomeTimes implements ErrorHandler {
  /** The server was usable once; set by the client. */
  ran = false;
  endedAtStart = false;
  /** When it ended, ms since 1970. */
  private ends: number[] = [];

  constructor(readonly owner: ClientOwner) {}

  error(error: Error): ErrorHandlerResult {
    // It was gone before the first message could be written.
    if (!this.ran && error.message.includes('EPIPE')) this.endedAtStart = true;
    this.owner.log.error(`connection to the server: ${error.message}`);
    return { action: ErrorAction.Continue, handled: true };
  }

  closed(): CloseHandlerResult {
    if (!this.ran) {
      this.endedAtStart = true;
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < crashWindow), now];
    if (this.ends.length <= maxRestarts) {
      this.owner.log.warn(`the server ended unexpectedly; starting it again (${this.ends.length} of ${maxRestarts})`);
      return { action: CloseAction.Restart, handled: true };
    }
    this.owner.gaveUp('The fuzzls server ended unexpectedly several times and is not started again. Its log says why.');
    return { action: CloseAction.DoNotRestart, handled: true };
  }
}
