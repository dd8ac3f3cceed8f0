// This file writes the page of a reproducer: message, stack, input, and what can be done.
// It knows nothing of VS Code but its color variables. All text is escaped; the page runs
// only the script with the nonce.

import { counted, crashTitle } from '../figures';
import type { CrashStatus, ReproducerResult, ReproducerValue } from '../lspExt';
import { hexRows } from './hex';

/** Bytes of one value that are shown; more is slow to lay out and not read by anyone. */
const shownBytes = 16 << 10;

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

/** What the page sends to the extension. */
export type PageMessage = { action: Action } | { frame: number };

export interface Page {
  crash: CrashStatus;
  /** Undefined if the reproducer could not be read; then trouble says why. */
  input: ReproducerResult | undefined;
  trouble: string;
  /** "FuzzParse crashed 3 times, last 5 min ago" */
  history: string;
  /** Allows the script and the style. */
  nonce: string;
}

export function pageHtml(page: Page): string {
  const { crash, nonce } = page;
  const buttons = actions.filter((action) => action !== 'goto' || crash.location);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<style nonce="${nonce}">${style}</style>
</head>
<body>
<h1>${escape(crashTitle(crash))}</h1>
<p class="quiet">${escape(page.history)}${crash.edited ? ' · the source was edited since' : ''}${crash.status === 'fixed' ? ' · <strong class="fixed">no longer crashes</strong>' : ''}</p>
<p class="buttons">${buttons.map((a, i) => `<button data-action="${a}"${i === 0 ? '' : ' class="secondary"'}>${labels[a]}</button>`).join(' ')}</p>
<h2>Input <span class="quiet">${page.input ? counted(page.input.size, 'byte') : ''}</span></h2>
${page.input ? page.input.values.map(valueHtml).join('\n') : `<p class="trouble">${escape(page.trouble)}</p>`}
<h2>Stack</h2>
<ol>${crash.frames.map(frameHtml).join('')}</ol>
<h2>Replay without an editor</h2>
<pre class="command">${escape(crash.replay)}</pre>
<p class="quiet">in ${escape(crash.replayDir)}</p>
<script nonce="${nonce}">${script}</script>
</body>
</html>`;
}

function valueHtml(value: ReproducerValue): string {
  const title = `<h3><code>${escape(value.type)}</code></h3>`;
  const literal = `<pre class="literal">${escape(value.text)}</pre>`;
  if (value.bytes === undefined) return title + literal;
  const bytes = Buffer.from(value.bytes, 'base64');
  const rest = bytes.length > shownBytes ? `<p class="quiet">The first ${counted(shownBytes, 'byte')} of ${counted(bytes.length, 'byte')}; the file has them all.</p>` : '';
  return `${title}${literal}${hexHtml(bytes, 16, 'wide')}${hexHtml(bytes, 8, 'narrow')}${rest}`;
}

/** Bytes beside their text; the style shows the variant that fits the page. */
function hexHtml(bytes: Uint8Array, rowLength: number, variant: string): string {
  const rows = hexRows(bytes, rowLength, shownBytes);
  const table = rows.map((row) => `<span class="quiet">${row.offset}</span>  ${row.hex}  <b>${escape(row.text)}</b>`).join('\n');
  return `<pre class="hex ${variant}">${table || '<span class="quiet">empty</span>'}</pre>`;
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

/** Makes text safe between tags and in attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const style = `
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); padding: 0 1.5em 2em; line-height: 1.5; }
h1 { font-size: 1.35em; font-weight: 600; margin: 1em 0 0; overflow-wrap: anywhere; color: var(--vscode-errorForeground); }
h2 { font-size: 1.05em; font-weight: 600; margin: 1.6em 0 .4em; }
h3 { font-size: 1em; font-weight: normal; margin: .6em 0 .2em; }
p { margin: .3em 0; }
.quiet { color: var(--vscode-descriptionForeground); font-weight: normal; }
.trouble { color: var(--vscode-errorForeground); }
.fixed { color: var(--vscode-testing-iconPassed); }
.buttons { margin: 1em 0; display: flex; flex-wrap: wrap; gap: .5em; }
button { font: inherit; padding: .3em .9em; border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent)); border-radius: 2px; cursor: pointer; color: var(--vscode-button-foreground); background: var(--vscode-button-background); }
button:hover { background: var(--vscode-button-hoverBackground); }
button.secondary { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
button.secondary:hover { background: var(--vscode-button-secondaryHoverBackground); }
button:focus-visible, a:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); background: var(--vscode-textCodeBlock-background); border: 1px solid var(--vscode-contrastBorder, transparent); padding: .6em .8em; margin: 0; overflow: auto; max-height: 24em; }
pre.literal { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 10em; }
pre.hex { margin-top: 2px; }
@media (max-width: 680px) { pre.wide { display: none; } }
@media (min-width: 681px) { pre.narrow { display: none; } }
pre.hex b { font-weight: normal; color: var(--vscode-debugTokenExpression-string); }
ol { margin: 0; padding-left: 2.2em; font-family: var(--vscode-editor-font-family); }
li { color: var(--vscode-descriptionForeground); }
li.own { color: var(--vscode-foreground); font-weight: 600; }
a { color: var(--vscode-textLink-foreground); text-decoration: none; }
a:hover { text-decoration: underline; }
`;

const script = `
const vscode = acquireVsCodeApi();
document.addEventListener('click', (event) => {
  const target = event.target.closest('[data-action],[data-frame]');
  if (!target) return;
  event.preventDefault();
  if (target.dataset.action) vscode.postMessage({ action: target.dataset.action });
  else vscode.postMessage({ frame: Number(target.dataset.frame) });
});
`;
