// This file defines Painter: it keeps what is painted in the visible editors equal to what
// is known of their documents. It sends VS Code only the layers that changed.

import * as vscode from 'vscode';
import type { LiveState } from '../liveState';
import { Decorations } from './decorations';
import { changedLayers, freshStep, layersOf, paintWindow, type Display, type Layers, type Run } from './looks';
import { Picture } from './picture';

/** Notifications that come within this time are painted at once; two frames, in ms. */
const paintDelay = 33;

const noLayers: Layers = new Map();
/** What is known of a document that the server has told nothing of. */
const nothing = new Picture();

/** What was painted in an editor. */
interface Painted {
  layers: Layers;
  window: Run;
}

export class Painter implements vscode.Disposable {
  /** What each visible editor shows. An editor that was hidden is a new object afterwards. */
  private readonly painted = new WeakMap<vscode.TextEditor, Painted>();
  private readonly decorations = new Decorations();
  private display: Display = displaySetting();
  /** Documents to be painted when the timer fires. */
  private readonly dirty = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private fading: NodeJS.Timeout | undefined;
  private readonly disposables: vscode.Disposable[] = [];

  constructor(private readonly state: LiveState) {
    this.disposables.push(
      state.onCoverage((uri) => { this.paintSoon(uri); }),
      state.onLinesMoved((uri) => { this.moved(uri); }),
      vscode.window.onDidChangeVisibleTextEditors((editors) => { this.paint(editors); }),
      vscode.window.onDidChangeTextEditorVisibleRanges((e) => { this.scrolled(e.textEditor); }),
      vscode.languages.onDidChangeDiagnostics((e) => { e.uris.forEach((uri) => { this.paintSoon(uri.toString()); }); }),
      vscode.workspace.onDidChangeConfiguration((e) => {
        if (e.affectsConfiguration('fuzzls.coverage.display')) this.setDisplay(displaySetting());
      }),
    );
    this.paint(vscode.window.visibleTextEditors);
  }

  dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.fading);
    this.decorations.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** What is painted in a visible editor; tests look at it, for VS Code does not tell. */
  layers(editor: vscode.TextEditor): Layers {
    return this.painted.get(editor)?.layers ?? noLayers;
  }

  private setDisplay(display: Display): void {
    this.display = display;
    this.paint(vscode.window.visibleTextEditors);
  }

  /** Lines moved, and VS Code moved the decorations; what moved wrongly is repaired at once. */
  private moved(uri: string): void {
    const editors = editorsOf(uri);
    // Where VS Code has moved the ranges to is not known, so all layers count as changed.
    for (const editor of editors) {
      const painted = this.painted.get(editor);
      if (painted) for (const layer of painted.layers.keys()) painted.layers.set(layer, []);
    }
    this.paint(editors);
  }

  private scrolled(editor: vscode.TextEditor): void {
    const window = this.painted.get(editor)?.window;
    if (window && paintWindow(visibleLines(editor), editor.document.lineCount, window) === window) return;
    this.paint([editor]);
  }

  private paintSoon(uri: string): void {
    this.dirty.add(uri);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const uris = new Set(this.dirty);
      this.dirty.clear();
      this.paint(vscode.window.visibleTextEditors.filter((editor) => uris.has(editor.document.uri.toString())));
    }, paintDelay);
  }

  private paint(editors: readonly vscode.TextEditor[]): void {
    const now = Date.now();
    for (const editor of editors) this.paintEditor(editor, now);
    this.fadeLater(now);
  }

  private paintEditor(editor: vscode.TextEditor, now: number): void {
    const before = this.painted.get(editor);
    const uri = editor.document.uri;
    const coverage = this.state.coverage(uri.toString());
    const crashes = this.state.crashLines(uri);
    if (!coverage && !before && crashes.length === 0) return;
    const lines = editor.document.lineCount;
    const window = paintWindow(visibleLines(editor), lines, before?.window);
    coverage?.age(now);
    const unindented = (line: number): boolean => /^\S/.test(editor.document.lineAt(line).text);
    const layers = layersOf({ picture: coverage?.shown ?? nothing, crashes, lines, unindented, window, now }, this.display);
    for (const [layer, runs] of changedLayers(before?.layers ?? noLayers, layers)) {
      editor.setDecorations(this.decorations.type(layer), runs.map(([first, last]) => new vscode.Range(first, 0, last, 0)));
    }
    this.painted.set(editor, { layers, window });
  }

  /** While fresh lines are visible, repaints at the next step of fading. */
  private fadeLater(now: number): void {
    clearTimeout(this.fading);
    let next = Infinity;
    for (const editor of vscode.window.visibleTextEditors) {
      const fresh = this.state.coverage(editor.document.uri.toString())?.shown.fresh;
      for (const born of fresh?.values() ?? []) next = Math.min(next, freshStep - ((now - born) % freshStep));
    }
    if (next === Infinity) return;
    this.fading = setTimeout(() => { this.paint(vscode.window.visibleTextEditors); }, Math.max(paintDelay, Math.ceil(next)));
  }
}

function displaySetting(): Display {
  return vscode.workspace.getConfiguration('fuzzls').get<Display>('coverage.display', 'gutter');
}

function editorsOf(uri: string): vscode.TextEditor[] {
  return vscode.window.visibleTextEditors.filter((editor) => editor.document.uri.toString() === uri);
}

/** The lines from the first to the last visible one; those between may be folded. */
function visibleLines(editor: vscode.TextEditor): Run {
  const ranges = editor.visibleRanges;
  return [ranges[0]?.start.line ?? 0, ranges[ranges.length - 1]?.end.line ?? 0];
}
