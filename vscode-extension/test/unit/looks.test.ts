// Tests what is painted where, and that only differences are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockAfter, blockBefore, uncoveredBlocks } from '../../src/coverage/blocks';
import { changedLayers, layersOf, looks, paintWindow, type Layers, type Scene } from '../../src/coverage/looks';
import { Picture } from '../../src/coverage/picture';
import { stripes, thinStripes } from '../../src/coverage/stripes';
import { LineState } from '../../src/lspExt';
import { random } from './random';

function scene(fill: (picture: Picture) => void, change: Partial<Scene> = {}): Scene {
  const picture = new Picture();
  fill(picture);
  return { picture, crashes: [], lines: 20, unindented: () => false, window: [0, 19], now: 10_000, ...change };
}

const mixed = (picture: Picture): void => {
  picture.fill(2, 4, LineState.Covered);
  picture.fill(5, 5, LineState.Partly);
  picture.fill(6, 8, LineState.Uncovered);
  picture.fill(9, 9, LineState.Stale);
};

test('the stripe has runs; crash and entry replace the state', () => {
  const s = scene((p) => { mixed(p); p.entries = [2]; }, { crashes: [7] });
  const layers = layersOf(s, 'gutter');
  assert.deepEqual(layers.get('stripe.covered'), [[3, 4]]);
  assert.deepEqual(layers.get('stripe.entry'), [[2, 2]]);
  assert.deepEqual(layers.get('stripe.uncovered'), [[6, 6], [8, 8]]);
  assert.deepEqual(layers.get('stripe.crash'), [[7, 7]]);
  assert.deepEqual(layers.get('ruler.uncovered'), [[6, 8]]);
  assert.equal([...layers.keys()].some((layer) => layer.startsWith('tint.')), false);
});

test('lines that are not indented have a thin stripe', () => {
  const s = scene((p) => { mixed(p); p.entries = [2]; p.fresh.set(4, 10_000); }, { crashes: [7], unindented: (line) => line % 2 === 0 });
  const layers = layersOf(s, 'gutter');
  assert.deepEqual(layers.get('thin.entry'), [[2, 2]]);
  assert.deepEqual(layers.get('stripe.covered'), [[3, 3]]);
  assert.deepEqual(layers.get('thin.fresh0'), [[4, 4]]);
  assert.deepEqual(layers.get('tint.fresh0'), [[4, 4]]);
  assert.deepEqual(layers.get('thin.uncovered'), [[6, 6], [8, 8]]);
  assert.deepEqual(layers.get('stripe.crash'), [[7, 7]]);
});

test('modes', () => {
  const s = scene(mixed);
  const placesOf = (layers: Layers): string[] => [...new Set([...layers.keys()].map((layer) => layer.split('.')[0] ?? ''))].sort();
  assert.deepEqual(placesOf(layersOf(s, 'gutter')), ['ruler', 'stripe']);
  assert.deepEqual(placesOf(layersOf(s, 'line')), ['ruler', 'stripe', 'tint']);
  assert.deepEqual(placesOf(layersOf(s, 'ruler')), ['ruler']);
  assert.deepEqual(placesOf(layersOf(s, 'off')), []);
});

test('a fresh line fades, and only if it is covered', () => {
  const born = 10_000;
  const at = (now: number): Layers => layersOf(scene((p) => { mixed(p); p.fresh.set(3, born); p.fresh.set(6, born); }, { now }), 'gutter');
  assert.deepEqual(at(born).get('stripe.fresh0'), [[3, 3]]);
  assert.deepEqual(at(born).get('tint.fresh0'), [[3, 3]]);
  assert.deepEqual(at(born + 2000).get('stripe.fresh1'), [[3, 3]]);
  assert.deepEqual(at(born + 4000).get('stripe.fresh2'), [[3, 3]]);
  assert.deepEqual(at(born + 5000).get('stripe.covered'), [[2, 4]]);
});

test('nothing beyond the end of the document, or outside the window', () => {
  const s = scene((p) => { p.fill(0, 99, LineState.Covered); p.entries = [50]; }, { crashes: [60], window: [5, 19] });
  for (const [layer, runs] of layersOf(s, 'gutter')) {
    const from = layer.startsWith('stripe.') ? 5 : 0;
    for (const [first, last] of runs) assert.ok(first >= from && last < 20, `${layer} ${first}-${last}`);
  }
});

test('the ruler of a long file has few marks and misses nothing', () => {
  const s = scene((p) => {
    for (let line = 0; line < 100_000; line += 2) p.fill(line, line, LineState.Covered);
    p.fill(77_777, 77_777, LineState.Uncovered);
  }, { lines: 100_000, window: [0, 0] });
  const layers = layersOf(s, 'ruler');
  const runs = [...layers.values()].flat();
  assert.ok(runs.length <= 1000, `${runs.length} runs`);
  assert.equal(layers.get('ruler.uncovered')?.length, 1);
});

test('only changed layers are painted, and what is painted is right', () => {
  const next = random(7);
  let painted: Layers = new Map();
  const picture = new Picture();
  for (let step = 0; step < 200; step++) {
    const first = next(20);
    picture.fill(first, first + next(3), next(5) as LineState);
    const wanted = layersOf({ picture, crashes: [], lines: 20, unindented: () => false, window: [0, 19], now: 0 }, 'gutter');
    const changed = changedLayers(painted, wanted);
    const result: Layers = new Map(painted);
    for (const [layer, runs] of changed) {
      if (runs.length > 0) result.set(layer, runs);
      else result.delete(layer);
    }
    assert.deepEqual(new Map([...result].sort()), new Map([...wanted].sort()));
    assert.equal(changedLayers(wanted, wanted).size, 0);
    painted = wanted;
  }
});

test('the window of a short file is all of it, and that of a long file moves rarely', () => {
  assert.deepEqual(paintWindow([10, 50], 5000, undefined), [0, 4999]);
  let window = paintWindow([50_000, 50_050], 100_000, undefined);
  assert.deepEqual(window, [48_000, 52_050]);
  let moves = 0;
  for (let line = 50_000; line < 60_000; line += 3) {
    const next = paintWindow([line, line + 50], 100_000, window);
    assert.ok(next[0] <= line && next[1] >= line + 50);
    if (next !== window) moves++;
    window = next;
  }
  assert.ok(moves <= 10, `${moves} moves`);
  assert.deepEqual(paintWindow([99_950, 99_999], 100_000, [0, 100]), [97_950, 99_999]);
});

test('every look has its own shape', () => {
  assert.equal(new Set(looks.map((look) => JSON.stringify(stripes[look]))).size, looks.length);
  // Among the thin ones, new lines are told by their tint.
  const lasting = looks.filter((look) => !look.startsWith('fresh'));
  assert.equal(new Set(lasting.map((look) => JSON.stringify(thinStripes[look]))).size, lasting.length);
});

test('uncovered blocks', () => {
  const { picture } = scene((p) => { mixed(p); p.fill(15, 15, LineState.Partly); });
  const blocks = uncoveredBlocks(picture);
  assert.deepEqual(blocks, [[5, 8], [15, 15]]);
  assert.deepEqual(blockAfter(blocks, 0), [5, 8]);
  assert.deepEqual(blockAfter(blocks, 5), [15, 15]);
  assert.equal(blockAfter(blocks, 15), undefined);
  assert.deepEqual(blockBefore(blocks, 15), [5, 8]);
  assert.equal(blockBefore(blocks, 7), undefined);
});

test('a file of 100,000 lines is cheap', (t) => {
  const picture = new Picture();
  for (let line = 0; line < 100_000; line++) picture.fill(line, line, (line % 4) as LineState);
  const start = performance.now();
  const rounds = 50;
  for (let i = 0; i < rounds; i++) layersOf({ picture, crashes: [], lines: 100_000, unindented: (line) => line % 7 === 0, window: paintWindow([40_000, 40_060], 100_000, undefined), now: 0 }, 'gutter');
  // Printed, not judged: the machine may be busy.
  t.diagnostic(`${((performance.now() - start) / rounds).toFixed(2)} ms for the layers of 100,000 lines`);
});
