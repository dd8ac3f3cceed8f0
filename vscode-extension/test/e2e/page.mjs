// Reads from, and works with, a workbench page.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { output } from './vscode.mjs';

/** Tries until f no longer throws, and returns what it returns; gives up after a time. */
export async function eventually(f, timeout = 20_000) {
  const end = Date.now() + timeout;
  for (;;) {
    try {
      return await f();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }
}

/**
 * What an editor shows, by line (from 1): the marks in the gutter (ids of the pictures, or
 * codicon names), borders and backgrounds of the line, squiggles, native coverage.
 */
export function editorLines(page, file, index = 0) {
  return page.locator(`.monaco-editor[data-uri$="${file}"]`).nth(index).evaluate((editor) => {
    const numbers = new Map();
    for (const row of editor.querySelectorAll('.margin-view-overlays > div')) {
      const number = row.querySelector('.line-numbers');
      if (number) numbers.set(parseInt(row.style.top), Number(number.textContent));
    }
    const lines = {};
    const at = (row) => {
      const number = numbers.get(parseInt(row.style.top));
      return number ? (lines[number] ??= { gutter: [], border: [], background: [], squiggle: [], native: [] }) : undefined;
    };
    const name = (image) => {
      const data = /base64,([^")]+)/.exec(decodeURIComponent(image));
      return data ? (/ id="(\w+)"/.exec(atob(data[1]))?.[1] ?? image) : image;
    };
    for (const glyph of editor.querySelectorAll('.glyph-margin-widgets > .cgmr')) {
      const line = at(glyph);
      if (!line) continue;
      const image = getComputedStyle(glyph).backgroundImage;
      line.gutter.push(image === 'none' ? glyph.className.replace(/.*codicon-/, '').replace(/ .*/, '') : name(image));
    }
    for (const row of editor.querySelectorAll('.margin-view-overlays > div')) {
      for (const d of row.children) if (/coverage-deco/.test(d.className)) at(row)?.native.push(d.className);
    }
    for (const row of editor.querySelectorAll('.view-overlays > div')) {
      const line = at(row);
      if (!line) continue;
      for (const d of row.children) {
        const style = getComputedStyle(d);
        if (/ced-/.test(d.className)) {
          if (style.backgroundColor !== 'rgba(0, 0, 0, 0)') line.background.push(style.backgroundColor);
          if (style.borderLeftStyle !== 'none') line.border.push(style.borderLeftStyle);
        }
        const squiggle = /squiggly-(\w+)/.exec(d.className);
        if (squiggle) line.squiggle.push(squiggle[1]);
      }
    }
    return lines;
  });
}

/** Our marks in the gutter by line. */
export async function marks(page, file, index = 0) {
  const lines = await editorLines(page, file, index);
  const ours = new Set(['covered', 'partly', 'uncovered', 'stale', 'fresh0', 'fresh1', 'fresh2', 'entry', 'crash']);
  const found = {};
  for (const [number, line] of Object.entries(lines)) {
    const mark = line.gutter.find((g) => ours.has(g));
    if (mark) found[number] = mark;
  }
  return found;
}

/** Runs a command of the palette by its title. */
export async function command(page, title) {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget:visible input').first();
  await input.waitFor();
  await input.fill(`>${title}`);
  const row = page.locator('.quick-input-list .monaco-list-row').filter({ has: page.getByText(title, { exact: true }) }).first();
  await row.click();
}

/** Chooses an entry of the open quick pick. */
export async function choose(page, label) {
  const row = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first();
  await row.waitFor();
  await row.click();
}

/** The status bar item. */
export function statusBar(page) {
  return page.locator('[id="fuzzls.fuzzls.fuzzls.status"]');
}

/** Puts the cursor at the start of a line, with the editor's own command. */
export async function goToLine(page, line) {
  await page.keyboard.press('Control+g');
  const input = page.locator('.quick-input-widget:visible input').first();
  await input.waitFor();
  await input.fill(`:${line}`);
  await page.keyboard.press('Enter');
  await page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden' });
}

/** The content frame of the only visible webview of a kind (its id is in the frame's address). */
export function webview(page, index = 0) {
  return page.frameLocator('iframe.webview.ready').nth(index).frameLocator('iframe#active-frame');
}

/** Saves a picture of the page. */
export async function screenshot(page, name) {
  mkdirSync(output, { recursive: true });
  await page.screenshot({ path: path.join(output, `${name}.png`) });
}
