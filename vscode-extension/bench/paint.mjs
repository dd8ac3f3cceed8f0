// Measures the time from a bit that is set in the coverage file of a running campaign to the
// frame that shows its line covered, all of it: file, server, extension, workbench. A fuzz
// test that soon has reached all that it can is run; bits of other lines are then set from
// here, as a worker would.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { command, eventually, goToLine, marks, openFile, paints, visibleLines } from '../test/e2e/page.mjs';
import { RealWorkbench, patient } from '../test/e2e/realWorkbench.mjs';
import { root } from '../test/e2e/vscode.mjs';
import { summary } from './figures.mjs';

/** So many bits are set; fewer if there are not so many lines left. */
const times = 60;
/** A coverage file: runs, unique runs, number of points, each of 8 bytes; then the bits. */
const header = 24;

export async function measurePaint(print) {
  const w = await RealWorkbench.open();
  try {
    const { page } = w;
    await w.lens('Fuzz').first().waitFor({ timeout: patient });
    await goToLine(page, w.text('settings_test.go').findIndex((line) => line.startsWith('func FuzzSize')) + 2);
    await command(page, 'Fuzzls: Start Fuzzing at the Cursor');
    await openFile(page, 'settings.go');
    await goToLine(page, w.line('func parseNumber'));
    await eventually(async () => assert.equal((await marks(page, 'settings.go'))[w.line('digits := 0')], 'covered'), patient);
    const file = coverageFile(w.vscode.folder);
    const took = [];
    for (const { bit, line } of bitsOfLines(w.vscode.folder, file).slice(0, times)) {
      await goToLine(page, line);
      await eventually(async () => assert.ok((await visibleLines(page, 'settings.go')).includes(line)));
      // The campaign may have come there meanwhile.
      if ((await marks(page, 'settings.go'))[line] !== 'uncovered') continue;
      const painted = await paints(page, 'settings.go', line, ['covered', 'partly', 'fresh0']);
      setBit(file, bit);
      const start = Date.now();
      took.push(await painted.at() - start);
    }
    print(`a bit in the coverage file to the painted line: ${summary(took)}; goal p95 300 ms`);
  } finally {
    await w.close();
  }
}

/** The coverage file of the only executable. */
function coverageFile(folder) {
  const dir = path.join(folder, '.fuzzls', 'v');
  const [name, ...others] = readdirSync(dir);
  assert.ok(name && others.length === 0, `${dir} is to hold one file`);
  return path.join(dir, name);
}

/**
 * Bits that are not set, each with a line of settings.go that it would take from uncovered to
 * covered: tried out on a copy, with `fuzzls cover`. Each line is there once.
 */
function bitsOfLines(folder, file) {
  const copy = mkdtempSync(path.join(tmpdir(), 'fuzzls-bits-'));
  try {
    cpSync(folder, copy, { recursive: true });
    const tried = path.join(copy, path.relative(folder, file));
    const content = readFileSync(tried);
    const found = [];
    // The state names files where they are, so the copy's is asked about the original.
    const source = path.join(folder, 'settings.go');
    let before = uncovered(copy, source);
    for (let bit = 0; bit < Number(content.readBigUInt64LE(16)); bit++) {
      if (content[header + (bit >> 3)] & (1 << (bit & 7))) continue;
      setBit(tried, bit);
      const now = uncovered(copy, source);
      const line = before.find((l) => !now.includes(l));
      if (line) found.push({ bit, line });
      before = now;
    }
    return found;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function uncovered(folder, source) {
  const out = execFileSync(path.join(root, 'server/fuzzls'), ['cover', source], { cwd: folder, encoding: 'utf8' });
  return [...out.matchAll(/^ - .*?(\d+) \|/gm)].map(([, line]) => Number(line));
}

function setBit(file, bit) {
  const at = header + (bit >> 3);
  const fd = openSync(file, 'r+');
  writeSync(fd, Uint8Array.of(readFileSync(file)[at] | (1 << (bit & 7))), 0, 1, at);
  closeSync(fd);
}
