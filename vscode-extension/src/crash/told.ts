// This file remembers the crashes that the user was told of.

import type { CrashStatus } from '../lspExt';

/**
 * After a build, reproducers are run again, the old signature is found fixed and the new one
 * open: not at one time, but in the minute that the slowest of them may take, in ms.
 */
const together = 60_000;

/** Keeps each crash from being told twice. */
export class Told {
  private readonly signatures = new Set<string>();
  /** The signature that was told last of what looks the same to the user. */
  private readonly lookalikes = new Map<string, string>();

  /**
   * Those of fresh that the user is to be told of. A crash whose line was edited has a new
   * signature; to the user it is the one that was told before, if that one is of the source
   * before the edit, or was found fixed when this one was found. All are the crashes now.
   */
  untold(fresh: readonly CrashStatus[], all: readonly CrashStatus[]): CrashStatus[] {
    return fresh.filter((crash) => {
      if (this.signatures.has(crash.signature)) return false;
      this.signatures.add(crash.signature);
      const look = lookOf(crash);
      const before = this.lookalikes.get(look);
      this.lookalikes.set(look, crash.signature);
      if (before === undefined) return true;
      const old = all.find((other) => other.signature === before);
      return old === undefined || !replaces(crash, old);
    });
  }
}

/** Tells whether an edit made one crash of the other. */
function replaces(crash: CrashStatus, old: CrashStatus): boolean {
  if (old.status === 'open') return old.edited;
  return Math.abs(crash.first - (old.checked ?? old.last)) < together;
}

/** What the user sees of a crash: what happened where. Numbers depend on the input. */
function lookOf(crash: CrashStatus): string {
  const place = crash.frames.find((frame) => frame.own)?.function ?? '';
  return JSON.stringify([crash.test, crash.kind, crash.message.replace(/\d+/g, '#'), place]);
}
