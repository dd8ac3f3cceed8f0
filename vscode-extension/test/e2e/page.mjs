// Reads from, and works with, a workbench page.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { output } from './vscode.mjs';

/** Tries until f no longer throws, and returns what it returns; gives up after a time. */
export async function eventually(f, timeout = 60_000) {
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
  const input = page.locator('.quick-input-widget:visible input').first();
  // A webview that is just going away takes the key with it.
  await eventually(async () => {
    await page.keyboard.press('F1');
    await input.waitFor({ timeout: 5_000 });
  });
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

/** Waits until the cursor is in a line. */
export function cursorAt(page, line) {
  return eventually(async () => assert.match(await page.locator('.statusbar-item[id="status.editor.selection"]').innerText(), new RegExp(`Ln ${line},`)));
}

/** The content frame of the only visible webview of a kind (its id is in the frame's address). */
export function webview(page, index = 0) {
  return page.frameLocator('iframe.webview.ready').nth(index).frameLocator('iframe#active-frame');
}

/** The content frame of the reproducer that is shown; views such as the plot are webviews, too. */
export function reproducer(page) {
  return page.frameLocator('iframe.webview.ready:not([src*="purpose=webviewView"])').frameLocator('iframe#active-frame');
}

/** The color of each kind of mark that is shown. */
export function markColors(page, file) {
  return page.locator(`.monaco-editor[data-uri$="${file}"]`).first().evaluate((editor) => {
    const colors = {};
    for (const glyph of editor.querySelectorAll('.glyph-margin-widgets > .cgmr')) {
      const data = /base64,([^")]+)/.exec(decodeURIComponent(getComputedStyle(glyph).backgroundImage));
      const svg = data && atob(data[1]);
      const id = svg && / id="(\w+)"/.exec(svg)?.[1];
      if (id) colors[id] = /#[0-9a-f]{6}/.exec(svg)?.[0];
    }
    return colors;
  });
}

/**
 * Watches for the frame in which the marks of the only editor are those of one line.
 * @returns {{watching: Promise<void>, at: Promise<number>}} when it watches; the time of that frame, ms since 1970
 */
export function nextMarks(page, line) {
  const at = page.evaluate((wanted) => new Promise((resolve) => {
    const look = () => {
      const glyphs = [...document.querySelectorAll('.monaco-editor .glyph-margin-widgets > .cgmr')].filter((g) => getComputedStyle(g).backgroundImage.startsWith('url("data:image/svg'));
      const number = [...document.querySelectorAll('.monaco-editor .margin-view-overlays > div')].find((row) => glyphs.length === 1 && row.style.top === glyphs[0].style.top)?.querySelector('.line-numbers')?.textContent;
      // A second frame, for what is in the page in the first is on the screen in the next.
      if (number === String(wanted)) requestAnimationFrame(() => resolve(Date.now()));
      else requestAnimationFrame(look);
    };
    look();
  }), line);
  // The page does what it is asked in order: when this is answered, that has begun.
  return { watching: page.evaluate(() => {}), at };
}

/** Opens a file of the workspace by its name. */
export async function openFile(page, name) {
  await page.keyboard.press('Control+p');
  const input = page.locator('.quick-input-widget:visible input').first();
  await input.waitFor();
  await input.fill(name);
  await page.locator('.quick-input-list .monaco-list-row').filter({ has: page.getByText(name, { exact: true }) }).first().click();
  await page.locator(`.monaco-editor[data-uri$="${name}"]`).first().waitFor();
}

/** Our marks of a whole file: scrolls through it, for only visible lines can be read. */
export async function allMarks(page, file, lines) {
  const found = {};
  for (let line = 1; ; line = Math.min(lines, line + 20)) {
    await goToLine(page, line);
    await eventually(async () => {
      const shown = await visibleLines(page, file);
      assert.ok(shown.includes(line), `line ${line} is not visible`);
    });
    Object.assign(found, await marks(page, file));
    if (line === lines) return found;
  }
}

/** The numbers of the lines that an editor shows. */
export function visibleLines(page, file) {
  return page.locator(`.monaco-editor[data-uri$="${file}"]`).first().locator('.margin-view-overlays .line-numbers').evaluateAll((all) => all.map((e) => Number(e.textContent)));
}

/** Saves a picture of the page. */
export async function screenshot(page, name) {
  mkdirSync(output, { recursive: true });
  await page.screenshot({ path: path.join(output, `${name}.png`) });
}
