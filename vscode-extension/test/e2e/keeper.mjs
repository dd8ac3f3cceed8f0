// Runs a command, and ends it and all that it started when the test that wanted it is done
// or dead: a test that is killed cannot clean up, but the pipe to its keeper closes.
//
//   node keeper.mjs <folder> <command> <argument>…
//
// The command runs in a process group of its own. When standard input ends, the group is
// asked to end, then made to, and the folder is removed unless FUZZLS_E2E_KEEP is set.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** VS Code's server ends its extension hosts, and they the language server, within that; ms. */
const grace = 10_000;

const [folder, command, ...args] = process.argv.slice(2);
const kept = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

kept.on('error', (error) => {
  console.error(`${command}: ${error.message}`);
  process.exit(1);
});
kept.on('exit', (code) => end(code ?? 1));

// Whoever reads the output may be dead; that must not keep us from cleaning up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.stdin.on('error', () => {}).on('close', stop).resume();

function stop() {
  signal('SIGTERM');
  setTimeout(() => signal('SIGKILL'), grace).unref();
}

function end(code) {
  // The others of the group are to be gone, too, when the folder is removed.
  signal('SIGKILL');
  if (!process.env.FUZZLS_E2E_KEEP) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.exit(code);
}

function signal(name) {
  try {
    process.kill(-kept.pid, name);
  } catch { /* none is left */ }
}
