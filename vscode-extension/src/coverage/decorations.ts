// This file defines Decorations: VS Code's decoration types of the layers. They are made
// once, when first needed, and used by all editors. Nothing is drawn where breakpoints are
// set: VS Code takes no clicks there on a line that has a picture of an extension.

import * as vscode from 'vscode';
import type { Layer, Look, Place } from './looks';
import { stripes, thinStripes } from './stripes';

/** The color that each look's marks have: in the stripe and in the overview ruler. */
const marks: Record<Look, string> = {
  covered: 'fuzzls.coveredMark',
  partly: 'fuzzls.partlyMark',
  uncovered: 'fuzzls.uncoveredMark',
  stale: 'fuzzls.staleMark',
  fresh0: 'fuzzls.freshMark',
  fresh1: 'fuzzls.freshMark',
  fresh2: 'fuzzls.freshMark',
  entry: 'fuzzls.entryMark',
  crash: 'fuzzls.crashMark',
};

/** The tints of lines. */
const tints: Record<Look, string | undefined> = {
  covered: 'fuzzls.coveredBackground',
  partly: 'fuzzls.partlyBackground',
  uncovered: 'fuzzls.uncoveredBackground',
  stale: undefined,
  fresh0: 'fuzzls.freshBackground',
  fresh1: 'fuzzls.freshBackground',
  fresh2: 'fuzzls.freshFadingBackground',
  entry: 'fuzzls.coveredBackground',
  crash: undefined,
};

/** Coverage on the left of the ruler; what must not be missed over the whole width. */
const lanes: Partial<Record<Look, vscode.OverviewRulerLane>> = {
  crash: vscode.OverviewRulerLane.Full,
  entry: vscode.OverviewRulerLane.Center,
};

/** The decoration types. Its owner disposes of it, which removes all that was painted. */
export class Decorations implements vscode.Disposable {
  private readonly types = new Map<Layer, vscode.TextEditorDecorationType>();

  /** The decoration type of a layer. */
  type(layer: Layer): vscode.TextEditorDecorationType {
    let type = this.types.get(layer);
    if (!type) {
      const [place, look] = layer.split('.') as [Place, Look];
      // Typing at the end of a run must not stretch it.
      type = vscode.window.createTextEditorDecorationType({ isWholeLine: true, rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed, ...optionsOf(place, look) });
      this.types.set(layer, type);
    }
    return type;
  }

  dispose(): void {
    for (const type of this.types.values()) type.dispose();
    this.types.clear();
  }
}

function optionsOf(place: Place, look: Look): vscode.DecorationRenderOptions {
  // Theme colors: VS Code repaints by itself when they change.
  const color = new vscode.ThemeColor(marks[look]);
  switch (place) {
    case 'stripe':
    case 'thin': {
      const { style, width } = (place === 'thin' ? thinStripes : stripes)[look];
      return { borderColor: color, borderStyle: style, borderWidth: width };
    }
    case 'tint': {
      const id = tints[look];
      return id ? { backgroundColor: new vscode.ThemeColor(id) } : {};
    }
    case 'ruler':
      return { overviewRulerColor: color, overviewRulerLane: lanes[look] ?? vscode.OverviewRulerLane.Left };
  }
}
