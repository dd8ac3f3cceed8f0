// Measures a file of 100,000 lines, all with coverage that goes on changing: how smoothly it
// scrolls and takes what is typed, beside the same workbench without the extension; and what
// the extension host needs in memory.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FakeServer } from '../test/e2e/fakeServer.mjs';
import { covered, partly, uncovered } from '../test/e2e/fakeWorkbench.mjs';
import { eventually, goToLine, marks } from '../test/e2e/page.mjs';
import { descendants, processes } from '../test/e2e/processes.mjs';
import { openWorkbench, root, startBrowser, startVSCode } from '../test/e2e/vscode.mjs';
import { summary } from './figures.mjs';

const lines = 100_000;
/** Turns of the wheel, each a screen or two: they cross what is painted at a time. */
const turns = 150;
/** Lines that are begun, one after another. */
const keys = 40;

export async function measureLarge(print) {
  const plain = await measure(false);
  const ours = await measure(true);
  for (const what of ['scrolling', 'typing']) {
    print(`${lines.toLocaleString('en-US')} lines, ${what}, frames: with coverage ${summary(ours[what].frames)}; without the extension ${summary(plain[what].frames)}`);
    print(`${lines.toLocaleString('en-US')} lines, ${what}, longest task: with coverage ${ours[what].task} ms, without the extension ${plain[what].task} ms`);
  }
  print(`${lines.toLocaleString('en-US')} lines, key to frame: with coverage ${summary(ours.typing.keys)}; without the extension ${summary(plain.typing.keys)}`);
  print(`extension host: ${ours.memory.before} MB with the file open, ${ours.memory.after} MB with coverage of all its lines; without the extension ${plain.memory.before} MB`);
}

async function measure(extension) {
  const fake = await FakeServer.start();
  const vscode = await startVSCode({ workspace: path.resolve(root, '../examples/settings'), extension, settings: { 'fuzzls.server.path': FakeServer.path }, env: { FUZZLS_FAKE_SOCKET: fake.socket } });
  const browser = await startBrowser();
  try {
    writeFileSync(path.join(vscode.folder, 'large.go'), `package settings\n${Array.from({ length: lines - 1 }, (_, i) => `\nfunc f${i}(x int) int { return x + ${i} }`).join('')}\n`);
    const page = await openWorkbench(browser, vscode, 'large.go');
    await page.locator('.monaco-editor[data-uri$="large.go"] .view-line').first().waitFor();
    await eventually(() => extensionHost(vscode));
    const uri = `file://${vscode.folder}/large.go`;
    const memory = {};
    let telling;
    if (extension) {
      await fake.hears('textDocument/didOpen', (p) => p.textDocument.uri === uri);
      memory.before = megabytes(vscode);
      telling = await tellCoverage(fake, page, uri);
    } else {
      memory.before = megabytes(vscode);
    }
    const scrolling = await frames(page, () => scroll(page));
    const typing = await frames(page, () => type(page));
    clearInterval(telling);
    memory.after = megabytes(vscode);
    return { scrolling, typing: { ...typing, keys: typing.result }, memory };
  } finally {
    await browser.close();
    await vscode.stop();
    fake.stop();
  }
}

/** Tells of all lines, then goes on with a hundred lines ten times a second. */
async function tellCoverage(fake, page, uri) {
  const state = (line, round) => [covered, covered, uncovered, partly][(line + round) % 4];
  const summaryOf = { covered: lines / 2, partly: lines / 4, instrumented: lines };
  let generation = 1;
  const runs = Array.from({ length: lines }, (_, line) => [line, line, state(line, 0)]);
  fake.notify('fuzzls/coverage', { textDocument: { uri, version: 1 }, generation, full: true, lines: runs, entries: [0], summary: summaryOf });
  await eventually(async () => assert.ok(Object.keys(await marks(page, 'large.go')).length > 10));
  return setInterval(() => {
    generation++;
    const first = (generation * 997) % (lines - 100);
    const changed = Array.from({ length: 100 }, (_, i) => [first + i, first + i, state(i, generation)]);
    fake.notify('fuzzls/coverage', { textDocument: { uri, version: 1 }, generation, full: false, lines: changed, fresh: [[first, 0]], summary: summaryOf });
  }, 100);
}

/** Does something; returns the ms between frames and the longest task meanwhile. */
async function frames(page, act) {
  const recorder = await page.evaluateHandle(() => {
    const record = { frames: [], task: 0, on: true };
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) record.task = Math.max(record.task, Math.round(entry.duration)); }).observe({ type: 'longtask' });
    let before = performance.now();
    const frame = (now) => {
      record.frames.push(now - before);
      before = now;
      if (record.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return record;
  });
  const result = await act();
  const { frames: gaps, task } = await recorder.evaluate((record) => ({ ...record, on: (record.on = false) }));
  return { frames: gaps.slice(1), task, result };
}

async function scroll(page) {
  await page.locator('.monaco-editor[data-uri$="large.go"]').hover();
  for (let i = 0; i < turns; i++) await page.mouse.wheel(0, 12_000);
}

/** Begins lines in the middle of the file; returns the ms from each key to the frame after. */
async function type(page) {
  await goToLine(page, lines / 2);
  const took = await page.evaluateHandle(() => {
    const times = [];
    document.addEventListener('keydown', () => {
      const start = performance.now();
      requestAnimationFrame(() => requestAnimationFrame(() => times.push(performance.now() - start)));
    }, { capture: true });
    return times;
  });
  for (let i = 0; i < keys; i++) await page.keyboard.press('Enter');
  await eventually(async () => assert.equal((await took.jsonValue()).length, keys));
  return took.jsonValue();
}

function extensionHost(vscode) {
  const servers = processes().filter((p) => p.command.includes(vscode.dir));
  return servers.flatMap((p) => descendants(p.pid)).find((p) => p.command.includes('--type=extensionHost')) ?? assert.fail('no extension host');
}

/** What the extension host has in memory, MB. */
function megabytes(vscode) {
  const status = readFileSync(`/proc/${extensionHost(vscode).pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
}
