// This file is what VS Code loads in the extension host (extensionTestsPath): it runs the
// suite that FUZZLS_HOST_SUITE names.

import { runTests } from './suite';

const suites: Record<string, () => Promise<unknown>> = {
  live: async () => { await import('./live'); await import('./documents'); await import('./testing'); await import('./debug'); await import('./restart'); },
  alone: () => import('./alone'),
  untrusted: () => import('./untrusted'),
};

export async function run(): Promise<void> {
  const name = process.env.FUZZLS_HOST_SUITE ?? '';
  const suite = suites[name];
  if (!suite) throw new Error(`there is no suite "${name}"`);
  await suite();
  await runTests();
}
