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

/** The look of each stripe: its border's style and width, and whether it is a box. */
export const looks = {
  'solid 3px 0px': 'covered', 'dashed 2px 0px': 'partly', 'dotted 3px 0px': 'uncovered', 'dotted 2px 0px': 'stale',
  'solid 6px 0px': 'fresh0', 'solid 5px 0px': 'fresh1', 'solid 4px 0px': 'fresh2', 'double 4px 0px': 'entry', 'solid 6px 1px': 'crash',
};
/** Those of lines that are not indented. A new one is told from a covered one by its tint. */
const thinLooks = {
  'solid 2px 0px': 'covered', 'dashed 2px 0px': 'partly', 'dotted 2px 0px': 'uncovered', 'dotted 1px 0px': 'stale',
  'double 3px 0px': 'entry', 'solid 2px 1px': 'crash',
};

/**
 * What an editor shows, by line (from 1): pictures in the gutter (codicon names), the look
 * of the stripe, backgrounds of the line, squiggles, native coverage.
 */
export function editorLines(page, file, index = 0) {
  return page.locator(`.monaco-editor[data-uri$="${file}"]`).nth(index).evaluate((editor, { looks, thinLooks }) => {
    const numbers = new Map();
    const texts = new Map([...editor.querySelectorAll('.view-lines > .view-line')].map((row) => [parseInt(row.style.top), row.textContent]));
    for (const row of editor.querySelectorAll('.margin-view-overlays > div')) {
      const number = row.querySelector('.line-numbers');
      if (number) numbers.set(parseInt(row.style.top), Number(number.textContent));
    }
    const lines = {};
    const at = (row) => {
      const number = numbers.get(parseInt(row.style.top));
      return number ? (lines[number] ??= { gutter: [], stripe: [], background: [], squiggle: [], native: [] }) : undefined;
    };
    for (const glyph of editor.querySelectorAll('.glyph-margin-widgets > .cgmr')) {
      const line = at(glyph);
      if (!line) continue;
      line.gutter.push(glyph.className.replace(/.*codicon-/, '').replace(/ .*/, ''));
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
          if (style.borderLeftStyle !== 'none') line.stripe.push((/^\S/.test(texts.get(parseInt(row.style.top))) ? thinLooks : looks)[`${style.borderLeftStyle} ${style.borderLeftWidth} ${style.borderTopWidth}`]);
        }
        const squiggle = /squiggly-(\w+)/.exec(d.className);
        if (squiggle) line.squiggle.push(squiggle[1]);
      }
    }
    return lines;
  }, { looks, thinLooks });
}

/** Our marks by line. */
export async function marks(page, file, index = 0) {
  const lines = await editorLines(page, file, index);
  const found = {};
  for (const [number, line] of Object.entries(lines)) {
    if (line.stripe.length > 0) found[number] = line.stripe.join(' ');
  }
  return found;
}

/**
 * Opens VS Code's quick input with a text, and does something with it. It is opened from the
 * title bar: unlike a key, a click there reaches the workbench wherever the focus is, also in
 * a webview that is just going away. Only the event: a real click would take the focus from
 * the editor. What takes the focus meanwhile, such as a view that is just being shown, closes
 * the input; then it is opened again.
 */
function quickInput(page, text, act) {
  return eventually(async () => {
    await page.locator('.command-center-quick-pick').dispatchEvent('click');
    const input = page.locator('.quick-input-widget:visible input').first();
    await input.fill(text, { timeout: 10_000 });
    await act(input);
  });
}

/**
 * Picks an entry of the quick input. Only the event, which comes when the row is found: until
 * a real click, the list may have been filtered, and another entry be in the same row.
 */
function pick(page, filter, timeout = 20_000) {
  return page.locator('.quick-input-list .monaco-list-row').filter(filter).first().dispatchEvent('click', undefined, { timeout });
}

/** Runs a command of the palette by its title. */
export function command(page, title) {
  return quickInput(page, `>${title}`, () => pick(page, { has: page.getByText(title, { exact: true }) }));
}

/** Chooses an entry of the open quick pick. */
export async function choose(page, label) {
  await pick(page, { hasText: label });
}

/** The status bar item. */
export function statusBar(page) {
  return page.locator('[id="fuzzls.fuzzls.fuzzls.status"]');
}

/** Puts the cursor at the start of a line of the active editor, with VS Code's own command. */
export function goToLine(page, line) {
  return eventually(async () => {
    await quickInput(page, `:${line}`, (input) => input.press('Enter', { timeout: 10_000 }));
    await page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden' });
    await cursorAt(page, line);
    // The editor has the focus some time after, and only then keys reach it. A view that is
    // just being shown may take it away; then all is done again.
    await page.waitForFunction(() => document.activeElement?.closest('.monaco-editor.focused'), undefined, { timeout: 5_000 });
  });
}

/**
 * Presses a key that moves the cursor from a line to another one, again if the editor has not
 * got it.
 */
export function pressAt(page, line, key, then) {
  return eventually(async () => {
    await goToLine(page, line);
    await page.keyboard.press(key);
    await cursorAt(page, then, 5_000);
  });
}

/** Waits until the cursor is in a line. */
export function cursorAt(page, line, timeout) {
  return eventually(async () => assert.match(await page.locator('.statusbar-item[id="status.editor.selection"]').innerText(), new RegExp(`Ln ${line},`)), timeout);
}

/**
 * Has webviews say whether they are in the side bar. VS Code lays them over what they belong
 * to, and only where they are tells what that is.
 */
export function tellWebviewsApart(page) {
  return page.addInitScript(() => {
    setInterval(() => {
      const end = document.querySelector('.part.sidebar')?.getBoundingClientRect().right ?? 0;
      for (const frame of document.querySelectorAll('iframe.webview')) {
        frame.dataset.in = frame.getBoundingClientRect().left < end ? 'sidebar' : 'editor';
      }
    }, 50);
  });
}

/** The content frame of the visible webview in the side bar, such as the plot, or in an editor. */
export function webview(page, where) {
  return page.frameLocator(`iframe.webview.ready[data-in="${where}"]:visible`).frameLocator('iframe#active-frame');
}

/** The content frame of the reproducer that is shown. */
export function reproducer(page) {
  return webview(page, 'editor');
}

/** The color of each kind of mark that is shown. */
export function markColors(page, file) {
  return page.locator(`.monaco-editor[data-uri$="${file}"]`).first().evaluate((editor, looks) => {
    const colors = {};
    for (const d of editor.querySelectorAll('.view-overlays [class*=ced-]')) {
      const style = getComputedStyle(d);
      const look = looks[`${style.borderLeftStyle} ${style.borderLeftWidth} ${style.borderTopWidth}`];
      if (look) colors[look] = `#${style.borderLeftColor.match(/\d+/g).slice(0, 3).map((n) => Number(n).toString(16).padStart(2, '0')).join('')}`;
    }
    return colors;
  }, looks);
}

/**
 * Watches for the frame in which the marks of the only editor are those of one line.
 * @returns {{watching: Promise<void>, at: Promise<number>}} when it watches; the time of that frame, ms since 1970
 */
export function nextMarks(page, line) {
  const at = page.evaluate((wanted) => new Promise((resolve) => {
    const look = () => {
      const marked = [...document.querySelectorAll('.monaco-editor .view-overlays > div')].filter((row) => [...row.querySelectorAll('[class*=ced-]')].some((d) => getComputedStyle(d).borderLeftStyle !== 'none'));
      const number = [...document.querySelectorAll('.monaco-editor .margin-view-overlays > div')].find((row) => marked.length === 1 && row.style.top === marked[0].style.top)?.querySelector('.line-numbers')?.textContent;
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
  await quickInput(page, name, () => pick(page, { has: page.getByText(name, { exact: true }) }));
  await page.locator(`.monaco-editor.focused[data-uri$="/${name}"]`).waitFor();
}

/**
 * Watches, from now on, for a frame in which a visible line has one of the looks.
 * @returns {Promise<{at: () => Promise<number>}>} at waits for it, and tells when that was, ms since 1970
 */
export async function paints(page, file, line, wanted, timeout = 90_000) {
  const handle = await page.evaluateHandle(({ file, line, wanted, looks, timeout }) => ({
    seen: new Promise((resolve, reject) => {
      const end = performance.now() + timeout;
      const look = () => {
        const editor = document.querySelector(`.monaco-editor[data-uri$="${file}"]`);
        const number = [...editor?.querySelectorAll('.margin-view-overlays .line-numbers') ?? []].find((e) => Number(e.textContent) === line);
        const top = number?.parentElement.style.top;
        for (const row of editor?.querySelectorAll('.view-overlays > div') ?? []) {
          if (row.style.top !== top) continue;
          for (const d of row.querySelectorAll('[class*=ced-]')) {
            const style = getComputedStyle(d);
            const found = looks[`${style.borderLeftStyle} ${style.borderLeftWidth} ${style.borderTopWidth}`];
            if (!wanted.includes(found)) continue;
            // What is in the page in one frame is on the screen in the next.
            requestAnimationFrame(() => resolve(Date.now()));
            return;
          }
        }
        if (performance.now() > end) reject(new Error(`line ${line} of ${file} never was ${wanted.join(' or ')}`));
        else requestAnimationFrame(look);
      };
      look();
    }),
  }), { file, line, wanted, looks, timeout });
  return { at: () => handle.evaluate((h) => h.seen) };
}

/**
 * Renames the active file in the Explorer. What the Explorer does when it is shown, such as
 * reading the folder again, may take the focus or close its input: then it is asked again.
 */
export async function renameActiveFile(page, from, to) {
  await command(page, 'File: Reveal Active File in Explorer View');
  await eventually(async () => {
    await page.locator('.explorer-folders-view .monaco-list-row.selected').filter({ hasText: from }).click({ timeout: 10_000 });
    await page.keyboard.press('F2');
    const input = page.locator('.explorer-folders-view .monaco-inputbox input');
    await input.fill(to, { timeout: 3_000 });
    await input.press('Enter', { timeout: 3_000 });
  });
}

/** Clicks where breakpoints are set. */
export async function clickGlyphMargin(page, file, line) {
  const editor = page.locator(`.monaco-editor[data-uri$="${file}"]`).first();
  const number = await editor.locator('.margin-view-overlays .line-numbers').filter({ hasText: new RegExp(`^${line}$`) }).first().boundingBox();
  const margin = await editor.locator('.margin').first().boundingBox();
  await page.mouse.click(margin.x + 8, number.y + number.height / 2);
}

/** The numbers of the lines that an editor shows. */
export function visibleLines(page, file) {
  return page.locator(`.monaco-editor[data-uri$="${file}"]`).first().locator('.margin-view-overlays .line-numbers').evaluateAll((all) => all.map((e) => Number(e.textContent)));
}

/**
 * Notes the messages of all notifications from now on.
 * @returns {Promise<() => Promise<string[]>>} tells the messages so far, also of those that are gone
 */
export async function notifications(page) {
  const told = await page.evaluateHandle(() => {
    const messages = [];
    // VS Code takes toasts out of the page, and puts them back, when it arranges them.
    const seen = new WeakSet();
    const note = (node) => {
      if (node.nodeType !== Node.ELEMENT_NODE) return;
      const toasts = node.matches('.notification-toast') ? [node] : node.querySelectorAll('.notification-toast');
      for (const toast of toasts) {
        if (!seen.has(toast)) messages.push(toast.innerText);
        seen.add(toast);
      }
    };
    new MutationObserver((changes) => { for (const change of changes) change.addedNodes.forEach(note); }).observe(document.body, { childList: true, subtree: true });
    return messages;
  });
  return () => told.jsonValue();
}

/** The part of the page, for a picture, with some visible lines of an editor. */
export async function partOf(page, file, first, last, width) {
  const editor = page.locator(`.monaco-editor[data-uri$="${file}"]`).first();
  const box = (line) => editor.locator('.margin-view-overlays .line-numbers').filter({ hasText: new RegExp(`^${line}$`) }).first().boundingBox();
  const { x } = await editor.boundingBox();
  const [from, to] = [await box(first), await box(last)];
  return { x, y: from.y, width, height: to.y + to.height - from.y };
}

/** Saves a picture of the page, or of a part of it. */
export async function screenshot(page, name, clip) {
  mkdirSync(output, { recursive: true });
  await page.screenshot({ path: path.join(output, `${name}.png`), clip });
}
