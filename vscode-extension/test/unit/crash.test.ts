// Tests how inputs are shown, and how debuggers are started on them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { inputHtml, inputSize } from '../../src/crash/input';
import { goLaunch, nativeLaunch, shellWords } from '../../src/crash/launch';
import { Told } from '../../src/crash/told';
import type { CrashStatus, ReproducerValue } from '../../src/lspExt';
import { random } from './random';

const bytes = (type: string, content: string | Uint8Array): ReproducerValue => ({ type, text: JSON.stringify(content), bytes: Buffer.from(content).toString('base64') });
const result = (...values: ReproducerValue[]) => ({ values, size: 1234, uri: '' });

test('the size of an input is that of its values', () => {
  assert.equal(inputSize(result(bytes('string', 'abc'))), '3 bytes');
  assert.equal(inputSize(result(bytes('[]byte', ''))), '0 bytes');
  assert.equal(inputSize(result({ type: 'int', text: '7' })), '1 value');
  assert.equal(inputSize(result(bytes('string', 'abc'), { type: 'int', text: '7' })), '2 values');
});

test('raw bytes are shown in hexadecimal, without an expression', () => {
  const html = inputHtml(result(bytes('bytes', Uint8Array.from([0, 255, 65]))));
  assert.match(html, /00 ff 41/);
  assert.ok(!/literal|details/.test(html));
});

test('What a Zig fuzz test asked for is listed, with the bytes folded', () => {
  const raw = bytes('bytes', Uint8Array.from([7, 0]));
  const asked = [{ name: 'src/ring.zig:42: value(u8)', text: '7' }, { name: 'src/ring.zig:43: slice()', text: '"<a>"' }];
  const html = inputHtml({ ...result(raw), asked });
  assert.equal(inputSize({ ...result(raw), asked }), '2 values');
  assert.match(html, /<span class="quiet">src\/ring\.zig:42: value\(u8\)<\/span> = 7\n/);
  assert.ok(html.includes('= &#34;&#60;a&#62;&#34;'), html);
  assert.match(html, /<details><summary>Bytes<\/summary>.*07 00/s);
});

test('a text of several lines is shown as one, its expression folded', () => {
  const html = inputHtml(result(bytes('string', '[cache]\nsize = <1>')));
  assert.match(html, /<pre class="text">\[cache\]\nsize = &#60;1&#62;<\/pre><details><summary>Go expression/);
  // What a page would not show as it is, is no text.
  for (const odd of ['a\nb\u0000', 'a\nb\u202e', 'a\r\nb']) assert.ok(!inputHtml(result(bytes('string', odd))).includes('class="text"'), JSON.stringify(odd));
  assert.ok(!inputHtml(result(bytes('[]byte', Uint8Array.from([97, 10, 255])))).includes('class="text"'));
});

test('what is long is folded', () => {
  const long = inputHtml(result({ type: 'string', text: `"${'x'.repeat(5000)}"`, bytes: Buffer.from('x'.repeat(5000)).toString('base64') }));
  assert.match(long, /<details><summary>Go expression, 5,002 characters/);
  assert.match(long, /<details><summary>Bytes/);
});

test('Go is debugged as a test with only the reproducer', () => {
  const crash = { test: 'FuzzParse', dir: '/m/p', reproducer: '/m/p/testdata/fuzz/FuzzParse/a.b(1)', buildFlags: [], env: {} };
  assert.deepEqual(goLaunch(crash), {
    type: 'go', request: 'launch', mode: 'test', name: 'Debug FuzzParse/a.b(1)', program: '/m/p', args: ['-test.run', '^FuzzParse$/^a\\.b\\(1\\)$'],
  });
  const more = goLaunch({ ...crash, buildFlags: ['-tags=x'], env: { A: 'b' } });
  assert.deepEqual([more.buildFlags, more.env], [['-tags=x'], { A: 'b' }]);
  assert.throws(() => goLaunch({ ...crash, reproducer: '/elsewhere/ab' }), /copy it to/);
});

test('others are debugged with the words of their replay command', () => {
  assert.deepEqual(nativeLaunch('Debug it', "ASAN_OPTIONS='a=1:b=2' ./out/fuzz -x 'an input'", '/m'), {
    type: 'lldb', request: 'launch', name: 'Debug it', program: '/m/out/fuzz', args: ['-x', 'an input'], cwd: '/m', env: { ASAN_OPTIONS: 'a=1:b=2' },
  });
  assert.throws(() => nativeLaunch('', 'fuzzls replay 0123456789abcdef', '/m'), /make the crash a test/);
  for (const command of ['a | b', 'a > b', '$HOME/a', 'a "$b"', 'a `b`', '', 'A=b', "a 'b"]) assert.throws(() => nativeLaunch('', command, '/'), /cannot be debugged/, command);
});

test('a crash is told once, also if an edit of its line gives it a new signature', () => {
  const crash = (signature: string, change: Partial<CrashStatus> = {}): CrashStatus => ({
    signature, test: 'm.FuzzA', kind: 'panic', message: 'index out of range [5]', frames: [{ function: 'runtime.panic', own: false }, { function: 'm.Parse', own: true }],
    reproducer: '', replay: '', replayDir: '', status: 'open', count: 1, first: 0, last: 0, edited: false, ...change,
  });
  const signatures = (list: CrashStatus[]): string[] => list.map((c) => c.signature);
  const told = new Told();
  assert.deepEqual(signatures(told.untold([crash('a')], [crash('a')])), ['a']);
  assert.deepEqual(signatures(told.untold([crash('a')], [crash('a')])), []);
  const moved = crash('b', { message: 'index out of range [7]' });
  assert.deepEqual(signatures(told.untold([moved], [crash('a', { status: 'fixed', checked: 5_000 }), moved])), [], 'the old one is gone');
  assert.deepEqual(signatures(told.untold([crash('c')], [crash('b', { edited: true }), crash('c')])), [], 'the old one is of the text before');
  assert.deepEqual(signatures(told.untold([crash('d')], [crash('c'), crash('d')])), ['d'], 'both are there');
  assert.deepEqual(signatures(told.untold([crash('f', { first: 100_000 })], [crash('d', { status: 'fixed', checked: 5_000 })])), ['f'], 'the old one was fixed long ago');
  assert.deepEqual(signatures(told.untold([crash('e', { message: 'nil map' })], [])), ['e']);
});

test('words are those of a shell', () => {
  const next = random(3);
  const pieces = ['a', ' ', "'b c'", '"d\\"e"', '\\ ', '-f=', '/', '"g h"', "''", '\\\\'];
  for (let i = 0; i < 40; i++) {
    const command = Array.from({ length: 1 + next(8) }, () => pieces[next(pieces.length)]).join('');
    const told = execFileSync('/bin/sh', ['-c', `for w in ${command}; do printf '%s\\0' "$w"; done`], { encoding: 'utf8' }).split('\0').slice(0, -1);
    assert.deepEqual(shellWords(command), told, command);
  }
});
