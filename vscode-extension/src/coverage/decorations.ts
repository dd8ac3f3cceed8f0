// This file defines Decorations: VS Code's decoration types of the layers. They are made
// once, when first needed, and used by all editors.

import * as vscode from 'vscode';
import { markColor, markColors } from './colors';
import { icon } from './icons';
import type { Layer, Look, Place } from './looks';

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

/** The borders of lines, which tell looks apart without their colors. Wider ones would hide text. */
const borders: Record<Look, { style: string; width: string }> = {
  covered: { style: 'solid', width: '0 0 0 2px' },
  partly: { style: 'dashed', width: '0 0 0 2px' },
  uncovered: { style: 'dotted', width: '0 0 0 3px' },
  stale: { style: 'dotted', width: '0 0 0 1px' },
  fresh0: { style: 'solid', width: '0 0 0 4px' },
  fresh1: { style: 'solid', width: '0 0 0 4px' },
  fresh2: { style: 'solid', width: '0 0 0 3px' },
  entry: { style: 'double', width: '0 0 0 4px' },
  crash: { style: 'double', width: '0 0 0 4px' },
};

/** Coverage on the left of the ruler; what must not be missed over the whole width. */
const lanes: Partial<Record<Look, vscode.OverviewRulerLane>> = {
  crash: vscode.OverviewRulerLane.Full,
  entry: vscode.OverviewRulerLane.Center,
};

/** The decoration types. Its owner disposes of it, which removes all that was painted. */
export class Decorations implements vscode.Disposable {
  private readonly types = new Map<Layer, vscode.TextEditorDecorationType>();
  private readonly color: (look: Look) => string;

  /** Colors are those of the moment of construction. */
  constructor(extension: vscode.Extension<unknown>) {
    this.color = markColor(extension);
  }

  /** The decoration type of a layer. */
  type(layer: Layer): vscode.TextEditorDecorationType {
    let type = this.types.get(layer);
    if (!type) {
      const [place, look] = layer.split('.') as [Place, Look];
      type = vscode.window.createTextEditorDecorationType(this.options(place, look));
      this.types.set(layer, type);
    }
    return type;
  }

  dispose(): void {
    for (const type of this.types.values()) type.dispose();
    this.types.clear();
  }

  private options(place: Place, look: Look): vscode.DecorationRenderOptions {
    // Typing at the end of a run must not stretch it.
    const common = { isWholeLine: true, rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed };
    const color = new vscode.ThemeColor(markColors[look]);
    switch (place) {
      case 'gutter':
        return { ...common, gutterIconPath: dataUri(icon(look, this.color(look))), gutterIconSize: 'contain' };
      case 'ruler':
        return { ...common, overviewRulerColor: color, overviewRulerLane: lanes[look] ?? vscode.OverviewRulerLane.Left };
      case 'tint':
        return { ...common, ...tint(look) };
      case 'line':
        return {
          ...common,
          ...tint(look),
          borderColor: color,
          borderStyle: borders[look].style,
          borderWidth: borders[look].width,
        };
    }
  }
}

function tint(look: Look): vscode.DecorationRenderOptions {
  const id = tints[look];
  return id ? { backgroundColor: new vscode.ThemeColor(id) } : {};
}

function dataUri(svg: string): vscode.Uri {
  return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`);
}
