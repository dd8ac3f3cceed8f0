// This file writes the input of a crash: Go values as Go expressions, texts of several lines
// as such, bytes in hexadecimal beside their text. Knows nothing of VS Code.

import { counted } from '../figures';
import type { AskedValue, ReproducerResult, ReproducerValue } from '../lspExt';
import { escape } from './escape';
import { hexRows } from './hex';

/** Bytes of one value that are shown; more is slow to lay out and not read by anyone. */
const shownBytes = 16 << 10;

/** Expressions up to so many characters, and up to so many bytes, are seen without unfolding: a screenful. */
const openText = 1000;
const openBytes = 256;

/** The type of an input that is the file's bytes: of C, C++, Rust and Zig. They are no expression of a language. */
const rawBytes = 'bytes';

/** How much the input is: bytes of the values that the fuzz test is given, not of the file. */
export function inputSize({ values, asked = [] }: ReproducerResult): string {
  if (asked.length > 0) return counted(asked.length, 'value');
  const only = values[0];
  if (values.length === 1 && only?.bytes !== undefined) return counted(bytesOf(only).length, 'byte');
  return counted(values.length, 'value');
}

/** The values, one below the other. */
export function inputHtml({ values, asked = [] }: ReproducerResult): string {
  if (asked.length > 0) return askedHtml(asked) + folded('Bytes', values.map((value) => valueHtml(value, false)).join('\n'));
  return values.map((value) => valueHtml(value, values.length > 1)).join('\n');
}

/** What the fuzz test asked for and got, a line for each. */
function askedHtml(asked: readonly AskedValue[]): string {
  const lines = asked.map(({ name, text }) => `<span class="quiet">${escape(name)}</span> = ${escape(text)}`);
  return `<pre class="asked">${lines.join('\n')}</pre>`;
}

function bytesOf(value: ReproducerValue): Buffer {
  return Buffer.from(value.bytes ?? '', 'base64');
}

function valueHtml(value: ReproducerValue, several: boolean): string {
  const bytes = bytesOf(value);
  const size = several && value.bytes !== undefined ? ` <span class="quiet">${counted(bytes.length, 'byte')}</span>` : '';
  const title = `<h3><code>${escape(value.type)}</code>${size}</h3>`;
  if (value.bytes === undefined) return title + literalHtml(value.text);
  const hex = hexHtml(bytes, 16, 'wide') + hexHtml(bytes, 8, 'narrow') + restHtml(bytes.length);
  const text = readable(bytes);
  // A text is read as a text; what it is as an expression or in bytes can be unfolded.
  const shown = text === undefined ? '' : `<pre class="text">${escape(text)}</pre>`;
  if (value.type === rawBytes) return shown ? shown + folded('Bytes', hex) : hex;
  const literal = shown ? folded('Go expression', literalHtml(value.text)) : literalHtml(value.text);
  return title + shown + literal + (bytes.length === 0 ? '' : folded('Bytes', hex, bytes.length <= openBytes));
}

/** Bytes as a text of several lines that says all that is in them; undefined if they are none. */
function readable(bytes: Buffer): string | undefined {
  if (bytes.length > shownBytes) return undefined;
  const text = bytes.toString('utf8');
  const plain = text.trimEnd().includes('\n') && !/[^\P{C}\n\t]/u.test(text) && Buffer.from(text).equals(bytes);
  return plain ? text : undefined;
}

function literalHtml(text: string): string {
  const literal = `<pre class="literal">${escape(text)}</pre>`;
  return text.length <= openText ? literal : folded(`Go expression, ${counted(text.length, 'character')}`, literal);
}

function folded(title: string, html: string, open = false): string {
  return `<details${open ? ' open' : ''}><summary>${title}</summary>${html}</details>`;
}

function restHtml(length: number): string {
  return length > shownBytes ? `<p class="quiet">The first ${counted(shownBytes, 'byte')} of ${counted(length, 'byte')}; the file has them all.</p>` : '';
}

/** Bytes beside their text; the style shows the variant that fits the page. */
function hexHtml(bytes: Uint8Array, rowLength: number, variant: string): string {
  const rows = hexRows(bytes, rowLength, shownBytes);
  const table = rows.map((row) => `<span class="quiet">${row.offset}</span>  ${row.hex}  <b>${escape(row.text)}</b>`).join('\n');
  return `<pre class="hex ${variant}">${table}</pre>`;
}
