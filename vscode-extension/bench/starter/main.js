// Starts an extension that does nothing, then ours, when VS Code has nothing else to do, and
// writes down how long that took by the clock and in time of the extension host's processor.
const { writeFileSync } = require('node:fs');
const { setTimeout } = require('node:timers/promises');
const vscode = require('vscode');

exports.activate = async () => {
  // What VS Code itself starts with is over by then; ms.
  await setTimeout(3000);
  const took = {};
  for (const id of ['fuzzls-bench.empty', 'fuzzls.fuzzls']) took[id] = await measured(() => vscode.extensions.getExtension(id).activate());
  writeFileSync(process.env.FUZZLS_BENCH_STARTED, JSON.stringify(took));
};

async function measured(act) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  await act();
  const { user, system } = process.cpuUsage(used);
  return { wall: performance.now() - start, processor: (user + system) / 1000 };
}
