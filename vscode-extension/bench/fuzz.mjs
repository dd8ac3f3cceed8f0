// Measures the time from pressing Fuzz to the first mark on the example module, with what it
// needs built before.
import assert from 'node:assert/strict';
import { command, eventually, goToLine, marks } from '../test/e2e/page.mjs';
import { RealWorkbench, patient } from '../test/e2e/realWorkbench.mjs';
import { summary } from './figures.mjs';

/** Pressed so often; each time takes some seconds. */
const times = 7;

export async function measureFuzz(print) {
  const w = await RealWorkbench.open();
  try {
    const { page } = w;
    await w.lens('Fuzz').first().waitFor({ timeout: patient });
    const cold = await pressFuzz(w);
    print(`pressing Fuzz to the first mark, nothing of the module built: ${Math.round(cold)} ms`);
    const warm = [];
    for (let i = 0; i < times; i++) {
      await command(page, 'Fuzzls: Stop Fuzzing');
      await w.stopped();
      await command(page, 'Notifications: Clear All');
      await command(page, 'Fuzzls: Clear Coverage');
      await eventually(async () => assert.deepEqual(await marks(page, 'settings_test.go'), {}), patient);
      warm.push(await pressFuzz(w));
    }
    print(`pressing Fuzz to the first mark, built before: ${summary(warm)}; goal 2,000 ms`);
  } finally {
    await w.close();
  }
}

/** Presses Fuzz above FuzzParse; returns the ms until a line of its file has a mark. */
async function pressFuzz(w) {
  const { page } = w;
  await goToLine(page, 22);
  const measured = await page.evaluateHandle(() => ({
    took: new Promise((resolve) => {
      const shown = () => [...document.querySelectorAll('.monaco-editor[data-uri$="settings_test.go"] .view-overlays [class*=ced-]')]
        .some((d) => getComputedStyle(d).borderLeftStyle !== 'none');
      document.addEventListener('mouseup', () => {
        const start = performance.now();
        const look = () => {
          if (shown()) resolve(performance.now() - start);
          else requestAnimationFrame(look);
        };
        look();
      }, { capture: true, once: true });
    }),
  }));
  await w.lens('Fuzz').first().click();
  const took = await measured.evaluate((m) => m.took);
  await w.lens('Stop').first().waitFor({ timeout: patient });
  return took;
}
