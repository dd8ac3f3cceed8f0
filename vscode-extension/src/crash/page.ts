// This file holds the style and the script of a reproducer's page.

/** Colors are VS Code's, so that the page follows the theme. */
export const style = `
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); padding: 0 1.5em 2em; line-height: 1.5; }
h1 { font-size: 1.35em; font-weight: 600; margin: 1em 0 0; overflow-wrap: anywhere; color: var(--vscode-errorForeground); }
h2 { font-size: 1.05em; font-weight: 600; margin: 1.6em 0 .4em; }
h3 { font-size: 1em; font-weight: normal; margin: .8em 0 .2em; }
p { margin: .3em 0; }
.quiet { color: var(--vscode-descriptionForeground); font-weight: normal; }
.trouble { color: var(--vscode-errorForeground); }
.fixed { color: var(--vscode-testing-iconPassed); }
.buttons { margin: 1em 0; display: flex; flex-wrap: wrap; gap: .5em; }
button { font: inherit; padding: .3em .9em; border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent)); border-radius: 2px; cursor: pointer; color: var(--vscode-button-foreground); background: var(--vscode-button-background); }
button:hover { background: var(--vscode-button-hoverBackground); }
button.secondary { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
button.secondary:hover { background: var(--vscode-button-secondaryHoverBackground); }
button:focus-visible, a:focus-visible, summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
details { margin-top: .3em; }
summary { cursor: pointer; color: var(--vscode-descriptionForeground); margin-bottom: .2em; }
pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); background: var(--vscode-textCodeBlock-background); border: 1px solid var(--vscode-contrastBorder, transparent); padding: .6em .8em; margin: 0; overflow: auto; max-height: 24em; }
pre.literal { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 680px) { pre.wide { display: none; } }
@media (min-width: 681px) { pre.narrow { display: none; } }
pre.hex b { font-weight: normal; color: var(--vscode-debugTokenExpression-string); }
ol { margin: 0; padding-left: 2.2em; font-family: var(--vscode-editor-font-family); }
li { color: var(--vscode-descriptionForeground); }
li.own { color: var(--vscode-foreground); font-weight: 600; }
a { color: var(--vscode-textLink-foreground); text-decoration: none; }
a:hover { text-decoration: underline; }
`;

/** Sends what is clicked, and puts in what changed: the rest stays as the user unfolded it. */
export const script = `
const vscode = acquireVsCodeApi();
document.addEventListener('click', (event) => {
  const target = event.target.closest('[data-action],[data-frame]');
  if (!target) return;
  event.preventDefault();
  if (target.dataset.action) vscode.postMessage({ action: target.dataset.action });
  else vscode.postMessage({ frame: Number(target.dataset.frame) });
});
window.addEventListener('message', ({ data }) => {
  for (const [id, html] of Object.entries(data)) {
    const element = document.getElementById(id);
    if (element.innerHTML !== html) element.innerHTML = html;
  }
});
vscode.postMessage({ ready: true });
`;
