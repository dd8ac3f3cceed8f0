// Tests that a picture is what the notifications say, against a model that keeps one
// object for each line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocumentCoverage, lineEdit } from '../../src/coverage/documentCoverage';
import { freshFor, Picture } from '../../src/coverage/picture';
import { LineState, type CoverageParams } from '../../src/lspExt';
import { random } from './random';

function params(change: Partial<CoverageParams>): CoverageParams {
  return {
    textDocument: { uri: 'file:///x.go', version: 1 }, generation: 1, full: true, lines: [],
    summary: { covered: 0, partly: 0, instrumented: 0 }, ...change,
  };
}

function states(picture: Picture, lines: number): number[] {
  return Array.from({ length: lines }, (_, line) => picture.state(line));
}

test('a full notification replaces everything', () => {
  const picture = new Picture();
  picture.apply(params({ lines: [[0, 9, LineState.Covered]], entries: [3], fresh: [[2, 100]] }), 1000);
  picture.apply(params({ lines: [[1, 2, LineState.Uncovered]] }), 1000);
  assert.deepEqual(states(picture, 5), [0, 1, 1, 0, 0]);
  assert.deepEqual(picture.entries, []);
  assert.equal(picture.fresh.size, 0);
});

test('a difference moves lines first, then sets states', () => {
  const picture = new Picture();
  picture.apply(params({ lines: [[0, 1, LineState.Covered], [2, 3, LineState.Uncovered]], entries: [3], fresh: [[0, 0], [2, 0]] }), 0);
  picture.apply(params({ full: false, splice: { start: 1, remove: 1, insert: 3 }, lines: [[5, 5, LineState.Partly]] }), 0);
  assert.deepEqual(states(picture, 7), [3, 0, 0, 0, 1, 2, 0]);
  assert.deepEqual(picture.entries, [5]);
  assert.deepEqual([...picture.fresh.keys()].sort(), [0, 4]);
});

test('splices and fills equal those of an array, whatever comes', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed);
    const picture = new Picture();
    const model: number[] = [];
    let fresh = new Map<number, number>();
    for (let step = 0; step < 20; step++) {
      const start = next(40);
      if (next(2) === 0) {
        const last = start + next(10);
        const state = next(5) as LineState;
        picture.fill(start, last, state);
        while (model.length <= last) model.push(0);
        model.fill(state, start, last + 1);
        if (next(2) === 0) {
          picture.fresh.set(start, step);
          fresh.set(start, step);
        }
      } else {
        const remove = next(8);
        const insert = next(8);
        picture.splice(start, remove, insert);
        while (model.length < start) model.push(0);
        model.splice(start, remove, ...Array<number>(insert).fill(0));
        fresh = new Map([...fresh].filter(([l]) => l < start || l >= start + remove).map(([l, t]) => [l < start ? l : l + insert - remove, t]));
      }
      const lines = Math.max(model.length, picture.lines) + 3;
      assert.deepEqual(states(picture, lines), Array.from({ length: lines }, (_, i) => model[i] ?? 0), `seed ${seed}, step ${step}`);
      assert.deepEqual([...picture.fresh], [...fresh], `seed ${seed}, step ${step}`);
    }
  }
});

test('fresh lines are forgotten in time', () => {
  const picture = new Picture();
  picture.apply(params({ lines: [[0, 5, LineState.Covered]], fresh: [[1, 0], [2, freshFor - 1]] }), 10_000);
  picture.age(10_001);
  assert.deepEqual([...picture.fresh.keys()], [1]);
  picture.age(10_000 + freshFor);
  assert.equal(picture.fresh.size, 0);
});

test('a difference that does not follow is not applied', () => {
  const document = new DocumentCoverage();
  assert.equal(document.apply(params({ full: false, generation: 1 }), 0), 'gap');
  assert.equal(document.apply(params({ generation: 7, lines: [[0, 0, LineState.Covered]] }), 0), 'applied');
  assert.equal(document.apply(params({ full: false, generation: 9, lines: [[0, 0, LineState.Stale]] }), 0), 'gap');
  assert.equal(document.apply(params({ full: false, generation: 8, lines: [[1, 1, LineState.Partly]] }), 0), 'applied');
  assert.deepEqual(states(document.shown, 3), [3, 2, 0]);
});

test('edits that the server has not seen move what it said', () => {
  const document = new DocumentCoverage();
  document.apply(params({ lines: [[0, 0, LineState.Covered], [1, 1, LineState.Uncovered]] }), 0);
  const enterAtEndOfFirst = { range: { start: { line: 0, character: 9 }, end: { line: 0, character: 9 } }, text: '\n\t' };
  assert.equal(document.edited(2, [enterAtEndOfFirst]), true);
  assert.deepEqual(states(document.shown, 4), [3, 0, 1, 0]);
  // Said of the text before the edit: it is moved, too.
  document.apply(params({ full: false, generation: 2, lines: [[1, 1, LineState.Covered]] }), 0);
  assert.deepEqual(states(document.shown, 4), [3, 0, 3, 0]);
  // Said of the text after it: nothing is left to move.
  document.apply(params({ textDocument: { uri: 'file:///x.go', version: 2 }, full: false, generation: 3, splice: { start: 1, remove: 0, insert: 1 }, lines: [[1, 1, LineState.Stale]] }), 0);
  assert.deepEqual(states(document.shown, 4), [3, 4, 3, 0]);
});

test('typing within a line moves nothing', () => {
  const document = new DocumentCoverage();
  document.apply(params({ lines: [[0, 0, LineState.Covered]] }), 0);
  assert.equal(document.edited(2, [{ range: { start: { line: 0, character: 1 }, end: { line: 0, character: 2 } }, text: 'abc' }]), false);
});

test('edits of lines', () => {
  const edit = (from: [number, number], to: [number, number], text: string): unknown =>
    lineEdit({ range: { start: { line: from[0], character: from[1] }, end: { line: to[0], character: to[1] } }, text });
  assert.deepEqual(edit([3, 0], [3, 0], '\n'), { start: 3, remove: 0, insert: 1 }, 'enter at the start of a line');
  assert.deepEqual(edit([3, 5], [3, 5], '\r\n\t'), { start: 4, remove: 0, insert: 1 }, 'enter within a line');
  assert.deepEqual(edit([3, 0], [4, 0], ''), { start: 3, remove: 1, insert: 0 }, 'a whole line deleted');
  assert.deepEqual(edit([3, 7], [4, 0], ''), { start: 4, remove: 1, insert: 0 }, 'two lines joined');
  assert.deepEqual(edit([2, 0], [5, 0], 'a\nb\n'), { start: 2, remove: 3, insert: 2 }, 'whole lines replaced');
});
