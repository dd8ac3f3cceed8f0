// This file defines how lines look: which stripe, tint and ruler mark a line gets, as runs
// of lines, for one editor. Nothing here knows VS Code.

import { LineState } from '../lspExt';
import { freshFor, type Picture } from './picture';

/** How coverage is shown; the setting fuzzls.coverage.display. */
export type Display = 'gutter' | 'line' | 'ruler' | 'off';

/** The looks of a line. fresh0 is the newest. */
export const looks = ['uncovered', 'partly', 'covered', 'stale', 'fresh0', 'fresh1', 'fresh2', 'entry', 'crash'] as const;
export type Look = (typeof looks)[number];

/** Where a look appears. A thin stripe is that of a line whose text begins at the very left. */
export type Place = 'stripe' | 'thin' | 'tint' | 'ruler';

/** One decoration type: a look at a place. */
export type Layer = `${Place}.${Look}`;

/** Inclusive run of lines. */
export type Run = readonly [first: number, last: number];

/** The runs of each layer; layers without runs are absent. */
export type Layers = Map<Layer, Run[]>;

/** A newly covered line fades in this many steps: enough to be seen, few enough to be cheap. */
const freshSteps = 3;
/** How long a step of fading lasts, in ms. */
export const freshStep = freshFor / freshSteps;

/** The overview ruler is about as many pixels high; finer marks cannot be told apart. */
const rulerRows = 1000;

const stateLooks: Record<LineState, Look | undefined> = {
  [LineState.None]: undefined,
  [LineState.Uncovered]: 'uncovered',
  [LineState.Partly]: 'partly',
  [LineState.Covered]: 'covered',
  [LineState.Stale]: 'stale',
};

/** What is to be painted. */
export interface Scene {
  picture: Picture;
  /** Lines that crash, ascending. */
  crashes: readonly number[];
  /** The number of lines of the document. */
  lines: number;
  /** Whether the text of a line begins at the very left. */
  unindented: (line: number) => boolean;
  /** The lines that are worth painting. */
  window: Run;
  now: number;
}

/** The layers of a scene. */
export function layersOf(scene: Scene, display: Display): Layers {
  const layers: Layers = new Map();
  if (display === 'off') return layers;
  addRuler(layers, scene);
  if (display === 'ruler') return layers;
  const last = Math.min(scene.window[1], scene.lines - 1);
  const marks = marksOf(scene);
  for (let line = Math.max(0, scene.window[0]); line <= last; line++) {
    const fresh = freshLook(scene.picture, line, scene.now);
    const look = marks.get(line) ?? fresh ?? stateLooks[scene.picture.state(line)];
    if (look) extend(layers, `${scene.unindented(line) ? 'thin' : 'stripe'}.${look}`, line);
    // The tint is what the eye catches from afar, so new lines have it in any case.
    const tint = display === 'line' ? look : fresh;
    if (tint) extend(layers, `tint.${tint}`, line);
  }
  return layers;
}

/** The marks that take the place of a line's state. */
function marksOf(scene: Scene): Map<number, Look> {
  const marks = new Map<number, Look>();
  for (const line of scene.picture.entries) marks.set(line, 'entry');
  for (const line of scene.crashes) marks.set(line, 'crash');
  return marks;
}

/** The step of fading that a line is in; undefined if it is not fresh or not covered. */
function freshLook(picture: Picture, line: number, now: number): Look | undefined {
  const born = picture.fresh.get(line);
  if (born === undefined) return undefined;
  const state = picture.state(line);
  if (state !== LineState.Covered && state !== LineState.Partly) return undefined;
  const step = Math.max(0, Math.floor((now - born) / freshStep));
  return step < freshSteps ? (`fresh${step}` as Look) : undefined;
}

/** What wins where several lines share a row of the ruler: what asks for attention. */
const rulerOrder: readonly Look[] = ['fresh0', 'uncovered', 'partly', 'covered', 'stale'];

/** The index in rulerOrder of each state; beyond its end for none. */
const rulerRank: Record<LineState, number> = {
  [LineState.None]: rulerOrder.length,
  [LineState.Uncovered]: 1,
  [LineState.Partly]: 2,
  [LineState.Covered]: 3,
  [LineState.Stale]: 4,
};

function addRuler(layers: Layers, scene: Scene): void {
  const { picture, lines } = scene;
  const step = Math.max(1, Math.ceil(lines / rulerRows));
  const known = Math.min(lines, picture.lines);
  const freshRows = new Set<number>();
  for (const line of picture.fresh.keys()) if (freshLook(picture, line, scene.now)) freshRows.add(Math.floor(line / step));
  for (let row = 0; row * step < known; row++) {
    const first = row * step;
    const last = Math.min(first + step, known) - 1;
    const look = freshRows.has(row) ? 'fresh0' : rulerLook(picture, first, last);
    if (look) extend(layers, `ruler.${look}`, first, last);
  }
  for (const line of picture.entries) if (line < lines) extend(layers, 'ruler.entry', line);
  for (const line of scene.crashes) if (line < lines) extend(layers, 'ruler.crash', line);
}

function rulerLook(picture: Picture, first: number, last: number): Look | undefined {
  let best = rulerOrder.length;
  for (let line = first; line <= last; line++) best = Math.min(best, rulerRank[picture.state(line)]);
  return rulerOrder[best];
}

/** Adds lines to a layer; they must not be before its last run. */
function extend(layers: Layers, layer: Layer, first: number, last = first): void {
  const runs = layers.get(layer);
  if (!runs) {
    layers.set(layer, [[first, last]]);
    return;
  }
  const end = runs[runs.length - 1];
  if (end && end[1] + 1 >= first) runs[runs.length - 1] = [end[0], Math.max(end[1], last)];
  else runs.push([first, last]);
}

/** The layers whose runs differ, with their new runs (none: they go). */
export function changedLayers(before: Layers, after: Layers): Map<Layer, Run[]> {
  const changed = new Map<Layer, Run[]>();
  for (const [layer, runs] of after) if (!sameRuns(before.get(layer), runs)) changed.set(layer, runs);
  for (const layer of before.keys()) if (!after.has(layer)) changed.set(layer, []);
  return changed;
}

function sameRuns(a: readonly Run[] | undefined, b: readonly Run[]): boolean {
  return a?.length === b.length && a.every((run, i) => run[0] === b[i]?.[0] && run[1] === b[i][1]);
}

/** Documents up to this many lines are painted whole; they scroll without any repainting. */
const wholeUpTo = 5000;
/** Beyond that, so many lines above and below what is visible are painted. */
const margin = 2000;

/**
 * The lines to paint in an editor that shows the visible ones. The previous window is kept
 * as long as it reaches a quarter of the margin beyond what is visible, so that scrolling
 * repaints rarely.
 */
export function paintWindow(visible: Run, lines: number, previous: Run | undefined): Run {
  if (lines <= wholeUpTo) return previous?.[0] === 0 && previous[1] === lines - 1 ? previous : [0, lines - 1];
  const near = margin / 4;
  const keeps =
    previous !== undefined &&
    previous[1] < lines &&
    previous[0] <= Math.max(0, visible[0] - near) &&
    previous[1] >= Math.min(lines - 1, visible[1] + near);
  if (keeps) return previous;
  return [Math.max(0, visible[0] - margin), Math.min(lines - 1, visible[1] + margin)];
}
