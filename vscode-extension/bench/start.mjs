// Measures how long the extension takes to start, by VS Code's own figure (loading its code
// and activating it), in windows that are opened one after another.
import { command } from '../test/e2e/page.mjs';
import { FakeWorkbench } from '../test/e2e/fakeWorkbench.mjs';
import { summary } from './figures.mjs';

/** So many windows; each takes some seconds. */
const times = 7;

export async function measureStart(print) {
  const w = await FakeWorkbench.open();
  try {
    const { page, fake } = w;
    const took = [];
    for (let i = 0; i < times; i++) {
      await fake.hears('textDocument/didOpen');
      await command(page, 'Developer: Show Running Extensions');
      const row = page.locator('.runtime-extensions-editor .monaco-list-row, .editor-instance .monaco-list-row').filter({ hasText: 'Fuzzls' }).first();
      const text = await row.locator('.activation-time').innerText();
      took.push(Number(/(\d+)ms/.exec(text)[1]));
      await command(page, 'View: Close Editor');
      fake.forget();
      await page.reload();
      await page.locator('.monaco-workbench').waitFor();
    }
    print(`activation of the extension, its code loaded: ${summary(took)}; goal 50 ms`);
  } finally {
    await w.close();
  }
}
