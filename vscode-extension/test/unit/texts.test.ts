// Tests figures in words, the pages, and the plot.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plotHtml, withoutDips } from '../../src/campaign/plot';
import { hexRows } from '../../src/crash/hex';
import { pageHtml } from '../../src/crash/html';
import { age, percent, short, summaryLine, total } from '../../src/figures';
import type { CrashStatus, Figures } from '../../src/lspExt';
import { random } from './random';

const figures: Figures = { runs: 1_234_567, newRuns: 1000, runsPerSecond: 45_100, uniqueRuns: 120, points: 312, totalPoints: 1024, sinceFind: 12_000, crashes: 2 };

test('short numbers', () => {
  const cases: [number, string][] = [[0, '0'], [999, '999'], [1000, '1k'], [45_100, '45.1k'], [99_960, '100k'], [999_499, '999k'], [999_600, '1M'], [1_234_567, '1.2M'], [5e12, '5000G']];
  for (const [n, text] of cases) assert.equal(short(n), text);
});

test('ages', () => {
  const cases: [number, string][] = [[-5, '0 s'], [12_000, '12 s'], [119_000, '119 s'], [120_000, '2 min'], [7_200_000, '2 h'], [200_000_000, '2 d']];
  for (const [ms, text] of cases) assert.equal(age(ms), text);
});

test('a percentage is 100 only if nothing is missing', () => {
  assert.equal(percent({ covered: 0, partly: 0, instrumented: 0 }), '–');
  assert.equal(percent({ covered: 10, partly: 0, instrumented: 10 }), '100 %');
  assert.equal(percent({ covered: 99_999, partly: 0, instrumented: 100_000 }), '99.9 %');
  assert.equal(percent({ covered: 1, partly: 1, instrumented: 4 }), '50 %');
});

test('the summary of a campaign', () => {
  assert.equal(summaryLine(figures), '1.2M runs · 45.1k/s · 312 of 1,024 points · last find 12 s ago · 2 crashes');
  assert.equal(summaryLine({ ...figures, runsPerSecond: 0, crashes: 0 }), '1.2M runs · 312 of 1,024 points');
  assert.equal(total([]), undefined);
});

test('hexadecimal rows hold every byte', () => {
  for (let length = 0; length < 70; length++) {
    const next = random(length + 1);
    const bytes = Uint8Array.from({ length }, () => next(256));
    const rows = hexRows(bytes, 16, 64);
    const read = rows.flatMap((row) => row.hex.trim().split(/ +/).filter(Boolean).map((pair) => parseInt(pair, 16)));
    assert.deepEqual(read, [...bytes.subarray(0, 64)]);
    for (const row of rows) assert.equal(row.hex.length, rows[0]?.hex.length);
  }
  assert.equal(hexRows(new TextEncoder().encode('a<\u0000é'), 8, 100)[0]?.text, 'a<···');
});

const crash: CrashStatus = {
  signature: 's', test: 'm/p.FuzzParse', kind: 'panic', message: 'panic: <script>alert("x")</script>', replay: "go test '-run=^FuzzParse$/^ab$' ./p", replayDir: '/tmp/a b',
  frames: [{ function: 'p.Parse', own: true, location: { uri: 'file:///m/p/parse%20it.go', range: { start: { line: 4, character: 0 }, end: { line: 4, character: 1 } } } }, { function: 'runtime.panic', own: false }],
  reproducer: 'file:///m/p/testdata/fuzz/FuzzParse/ab', status: 'open', count: 1, first: 0, last: 0, edited: true,
};

test('the page of a reproducer escapes what comes from the input', () => {
  const html = pageHtml({ crash, input: { values: [{ type: '[]byte', text: '[]byte("</pre><script>evil()")', bytes: Buffer.from('<img>').toString('base64') }], size: 50, uri: '' }, trouble: '', nonce: 'abc', now: 0 });
  assert.equal(html.match(/<script/g)?.length, 1, 'only the own script');
  assert.ok(html.includes('<script nonce="abc">'));
  assert.ok(!html.includes('<img>'));
  assert.ok(html.includes('parse it.go:5'));
  assert.ok(html.includes('3c 69 6d 67 3e'));
  assert.ok(!html.includes('data-action="goto"'), 'no place in the source, no button');
});

test('a reproducer that cannot be read says why', () => {
  const html = pageHtml({ crash, input: undefined, trouble: 'no such file: <x>', nonce: 'n', now: 0 });
  assert.ok(html.includes('no such file: &#60;x&#62;'));
});

test('the plot', () => {
  assert.equal(plotHtml([]), '');
  assert.equal(plotHtml([{ name: 'FuzzA', samples: [] }]), '');
  const html = plotHtml([{ name: 'Fuzz<A>', samples: [[1000, 5, 10], [2000, 5, 20], [3000, 1200, 30]] }]);
  assert.ok(html.includes('Fuzz&#60;A&#62;'));
  assert.ok(html.includes('1,200 points'));
  assert.ok(!/NaN|undefined|Infinity/.test(html), html);
  assert.ok(!/NaN|Infinity/.test(plotHtml([{ name: 'one', samples: [[1000, 0, 0]] }])));
});

test('the plot has no dip where a campaign starts again', () => {
  const points = (...all: number[]): number[] => withoutDips(all.map((n, i) => [1000 * i, n, 0])).map((sample) => sample[1]);
  assert.deepEqual(points(), []);
  assert.deepEqual(points(10, 20, 0, 5, 25), [10, 20, 20, 20, 25]);
  // It may be catching up for some seconds; then it is another build, which has less.
  assert.deepEqual(points(10, 20, 0), [10, 20, 20]);
  assert.deepEqual(points(10, 20, 0, 12, 12, 12, 12, 12), [10, 20, 12, 12, 12, 12, 12, 12]);
});
