// This file defines LiveState: what the server has told, for everyone who shows it. It is
// empty whenever the server is not running.

import * as vscode from 'vscode';
import { DocumentCoverage } from './coverage/documentCoverage';
import type { CoverageParams, CrashesParams, CrashStatus, StatusParams, TestStatus } from './lspExt';

export class LiveState implements vscode.Disposable {
  /** Fuzz tests, as the server sorts them. */
  tests: readonly TestStatus[] = [];
  workspaces: StatusParams['workspaces'] = [];
  /** Open and fixed crashes. */
  crashes: readonly CrashStatus[] = [];
  /** Coverage of open documents by URI. */
  private readonly documents = new Map<string, DocumentCoverage>();

  private readonly testsChanged = new vscode.EventEmitter<void>();
  private readonly crashesChanged = new vscode.EventEmitter<readonly CrashStatus[]>();
  private readonly coverageChanged = new vscode.EventEmitter<string>();
  private readonly linesMoved = new vscode.EventEmitter<string>();
  private readonly disposables: vscode.Disposable[];

  /** The fuzz tests, their states or figures changed. */
  readonly onTests = this.testsChanged.event;
  /** The crashes changed; the event has those that are told for the first time. */
  readonly onCrashes = this.crashesChanged.event;
  /** The coverage of the document with that URI changed. */
  readonly onCoverage = this.coverageChanged.event;
  /** Lines of a document with coverage were inserted or removed by an edit. */
  readonly onLinesMoved = this.linesMoved.event;

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.disposables = [
      vscode.workspace.onDidChangeTextDocument((e) => { this.edited(e); }),
      vscode.workspace.onDidCloseTextDocument((document) => { this.documents.delete(document.uri.toString()); }),
      this.testsChanged, this.crashesChanged, this.coverageChanged, this.linesMoved,
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The coverage of an open document; undefined if the server has told none. */
  coverage(uri: string): DocumentCoverage | undefined {
    return this.documents.get(uri);
  }

  test(id: string): TestStatus | undefined {
    return this.tests.find((test) => test.id === id);
  }

  crash(signature: string): CrashStatus | undefined {
    return this.crashes.find((crash) => crash.signature === signature);
  }

  /** Whether anything is being fuzzed, or about to be. */
  get active(): boolean {
    return this.tests.some((test) => test.state !== 'idle');
  }

  /**
   * The lines of a document that crash, ascending. They come from the diagnostics, which
   * VS Code moves along with edits.
   */
  crashLines(uri: vscode.Uri): number[] {
    const open = new Set(this.crashes.filter((crash) => crash.status === 'open').map((crash) => crash.signature));
    if (open.size === 0) return [];
    const lines = vscode.languages.getDiagnostics(uri).filter((d) => open.has(codeOf(d))).map((d) => d.range.start.line);
    return [...new Set(lines)].sort((a, b) => a - b);
  }

  setStatus(params: StatusParams): void {
    this.tests = params.tests;
    this.workspaces = params.workspaces;
    this.testsChanged.fire();
  }

  setCrashes(params: CrashesParams): void {
    this.crashes = params.crashes.filter((crash) => crash.status !== 'dismissed');
    const fresh = new Set(params.fresh);
    this.crashesChanged.fire(params.crashes.filter((crash) => fresh.has(crash.signature)));
  }

  applyCoverage(params: CoverageParams): void {
    const uri = vscode.Uri.parse(params.textDocument.uri).toString();
    const document = this.documents.get(uri) ?? this.opened(uri);
    if (!document) return;
    if (document.apply(params, Date.now()) === 'gap') {
      this.log.warn(`coverage of ${uri}: notification ${params.generation} does not follow the previous one; waiting for a full one`);
      this.documents.delete(uri);
    }
    this.coverageChanged.fire(uri);
  }

  /** Forgets everything: the server has ended. */
  clear(): void {
    this.tests = [];
    this.workspaces = [];
    this.crashes = [];
    const uris = [...this.documents.keys()];
    this.documents.clear();
    for (const uri of uris) this.coverageChanged.fire(uri);
    this.testsChanged.fire();
    this.crashesChanged.fire([]);
  }

  /** A notification may arrive after its document was closed; then there is nothing to keep. */
  private opened(uri: string): DocumentCoverage | undefined {
    if (!vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri)) return undefined;
    const coverage = new DocumentCoverage();
    this.documents.set(uri, coverage);
    return coverage;
  }

  private edited(event: vscode.TextDocumentChangeEvent): void {
    const uri = event.document.uri.toString();
    if (this.documents.get(uri)?.edited(event.document.version, event.contentChanges)) this.linesMoved.fire(uri);
  }
}

function codeOf(diagnostic: vscode.Diagnostic): string {
  const code = diagnostic.code;
  return String(typeof code === 'object' ? code.value : code);
}
