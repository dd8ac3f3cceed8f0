// This file writes the page of a reproducer: message, stack, input, and what can be done.
// It knows nothing of VS Code. All text is escaped; the page runs only the script with the
// nonce.

import { age, crashTitle, functionName } from '../figures';
import type { CrashStatus, ReproducerResult } from '../lspExt';
import { escape } from './escape';
import { inputHtml, inputSize } from './input';
import { script, style } from './page';

/** What the buttons send. */
export const actions = ['goto', 'replay', 'debug', 'minimize', 'makeTest', 'copy', 'file', 'dismiss'] as const;
export type Action = (typeof actions)[number];

const labels: Record<Action, string> = {
  goto: 'Go to Crash',
  replay: 'Replay',
  debug: 'Debug',
  minimize: 'Minimize',
  makeTest: 'Make It a Test',
  copy: 'Copy Command',
  file: 'Open File',
  dismiss: 'Dismiss',
};

/** What the page sends to the extension; ready: it can be told what changed. */
export type PageMessage = { action: Action } | { frame: number } | { ready: true };

export interface Page {
  crash: CrashStatus;
  /** Undefined if the reproducer could not be read; then trouble says why. */
  input: ReproducerResult | undefined;
  trouble: string;
  /** Allows the script and the style. */
  nonce: string;
  /** In ms since 1970. */
  now: number;
}

/**
 * The parts of a page that change while it is open, by the ids of their elements: how often
 * it crashed, what can be done, and the stack, whose lines move when files are edited.
 */
export function changing(crash: CrashStatus, now: number): { status: string; buttons: string; stack: string } {
  return {
    status: statusHtml(crash, now),
    buttons: actions.filter((action) => action !== 'goto' || crash.location).map((a, i) => `<button data-action="${a}"${i === 0 ? '' : ' class="secondary"'}>${labels[a]}</button>`).join(' '),
    stack: crash.frames.map(frameHtml).join(''),
  };
}

export function pageHtml({ crash, input, trouble, nonce, now }: Page): string {
  const { status, buttons, stack } = changing(crash, now);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<style nonce="${nonce}">${style}</style>
</head>
<body>
<h1>${escape(crashTitle(crash))}</h1>
<p class="quiet" id="status">${status}</p>
<p class="buttons" id="buttons">${buttons}</p>
<h2>Input <span class="quiet">${input ? inputSize(input) : ''}</span></h2>
${input ? inputHtml(input) : `<p class="trouble">${escape(trouble)}</p>`}
<h2>Stack</h2>
<ol id="stack">${stack}</ol>
<h2>Replay without an editor</h2>
<pre class="command">${escape(crash.replay)}</pre>
<p class="quiet">in ${escape(crash.replayDir)}</p>
<script nonce="${nonce}">${script}</script>
</body>
</html>`;
}

/** "FuzzParse crashed 3 times, last 5 min ago" */
function statusHtml(crash: CrashStatus, now: number): string {
  const times = crash.count === 1 ? 'once' : `${crash.count} times`;
  const edited = crash.edited ? ' · the source was edited since' : '';
  const fixed = crash.status === 'fixed' ? ' · <strong class="fixed">no longer crashes</strong>' : '';
  return `${escape(functionName(crash.test))} crashed ${times}, last ${age(now - crash.last)} ago${edited}${fixed}`;
}

function frameHtml(frame: CrashStatus['frames'][number], index: number): string {
  const name = escape(frame.function);
  const place = frame.location ? ` <span class="quiet">${escape(placeOf(frame.location))}</span>` : '';
  const text = frame.location ? `<a href="#" data-frame="${index}">${name}</a>${place}` : name;
  return `<li${frame.own ? ' class="own"' : ''}>${text}</li>`;
}

function placeOf(location: { uri: string; range: { start: { line: number } } }): string {
  const name = decodeURIComponent(location.uri.slice(location.uri.lastIndexOf('/') + 1));
  return `${name}:${location.range.start.line + 1}`;
}
