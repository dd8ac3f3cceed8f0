// Coverage is cleared, and VS Code ends.
import assert from 'node:assert/strict';
import { command, eventually, marks } from '../page.mjs';
import { processes } from '../processes.mjs';
import { patient } from '../realWorkbench.mjs';

export function endSteps(step) {
  step('clears the coverage', async ({ page }) => {
    assert.ok(Object.keys(await marks(page, 'renamed.go')).length > 0);
    await command(page, 'Fuzzls: Clear Coverage');
    await eventually(async () => assert.deepEqual(await marks(page, 'renamed.go'), {}), patient);
  });

  step('leaves no process when VS Code ends during a campaign', async (w) => {
    await command(w.page, 'Fuzzls: Start Fuzzing All Fuzz Tests');
    await eventually(() => assert.ok(w.workers().length > 0), patient);
    const { dir } = w.vscode;
    await w.close();
    await eventually(() => assert.deepEqual(processes().filter((p) => p.command.includes(dir)), []), patient);
  });
}
