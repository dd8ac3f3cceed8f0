// Defines what the tests ask about the processes of this machine.
import { readdirSync, readFileSync } from 'node:fs';

/** All processes but those that have ended: pid, parent's pid, command line. */
export function processes() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      // The name in parentheses may hold anything; behind it are the state and the parent.
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    } catch {
      return []; // it has just ended
    }
  });
}

/** The processes that a process has started, and those that they have. */
export function descendants(pid, all = processes()) {
  return all.filter((p) => p.parent === pid).flatMap((p) => [p, ...descendants(p.pid, all)]);
}
