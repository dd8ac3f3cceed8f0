// This file defines Picture: the states of a document's lines, its entry lines and its
// newly covered lines, all of which move together when lines are inserted or removed.

import { LineState, type CoverageParams } from '../lspExt';

/** For how long a newly covered line is fresh, in ms; the server's freshFor. */
export const freshFor = 5000;

/** What is known of the lines of one text. Lines are zero-based. */
export class Picture {
  /** State of line n at index n; beyond the end, and beyond length, it is None. */
  private states = new Uint8Array(0);
  private length = 0;
  /** Lines where fuzzing enters, ascending. */
  entries: readonly number[] = [];
  /** Newly covered lines, and when that was (ms since 1970). */
  fresh = new Map<number, number>();

  /** One more than the last line that may have a state. */
  get lines(): number {
    return this.length;
  }

  state(line: number): LineState {
    return (this.states[line] ?? LineState.None) as LineState;
  }

  clone(): Picture {
    const copy = new Picture();
    copy.states = this.states.slice(0, this.length);
    copy.length = this.length;
    copy.entries = this.entries;
    copy.fresh = new Map(this.fresh);
    return copy;
  }

  /** Puts the content of a notification in. The time is that of its arrival, in ms. */
  apply(params: CoverageParams, now: number): void {
    if (params.full) {
      this.states.fill(LineState.None);
      this.length = 0;
      this.entries = [];
      this.fresh.clear();
    } else if (params.splice) {
      this.splice(params.splice.start, params.splice.remove, params.splice.insert);
    }
    for (const [first, last, state] of params.lines) this.fill(first, last, state);
    if (params.entries) this.entries = [...params.entries].sort((a, b) => a - b);
    for (const [line, age] of params.fresh ?? []) this.fresh.set(line, now - age);
  }

  /** Gives all lines from first to last a state. */
  fill(first: number, last: number, state: LineState): void {
    if (last < first || first < 0) return;
    this.grow(last + 1);
    this.states.fill(state, first, last + 1);
  }

  /** Removes lines at start, then inserts lines without state there. */
  splice(start: number, remove: number, insert: number): void {
    const end = start + remove;
    const by = insert - remove;
    if (start < this.length) {
      const tail = this.length - Math.min(end, this.length);
      const newLength = start + insert + tail;
      this.grow(newLength);
      this.states.copyWithin(start + insert, Math.min(end, this.length), this.length);
      this.states.fill(LineState.None, start, start + insert);
      if (newLength < this.length) this.states.fill(LineState.None, newLength, this.length);
      this.length = newLength;
    }
    if (by === 0 && remove === 0) return;
    this.entries = this.entries.filter((line) => line < start || line >= end).map((line) => (line >= end ? line + by : line));
    this.moveFresh(start, end, by);
  }

  /** Forgets lines that are no longer fresh. */
  age(now: number): void {
    for (const [line, born] of this.fresh) if (now - born >= freshFor) this.fresh.delete(line);
  }

  /** Tells whether nothing would be shown. */
  isEmpty(): boolean {
    if (this.entries.length > 0) return false;
    for (let line = 0; line < this.length; line++) if (this.states[line] !== 0) return false;
    return true;
  }

  private moveFresh(start: number, end: number, by: number): void {
    if (this.fresh.size === 0) return;
    const moved = new Map<number, number>();
    for (const [line, born] of this.fresh) {
      if (line < start) moved.set(line, born);
      else if (line >= end) moved.set(line + by, born);
    }
    this.fresh = moved;
  }

  private grow(length: number): void {
    if (length > this.states.length) {
      // Doubling, so that a document that grows line by line is not copied for each.
      const bigger = new Uint8Array(Math.max(length, 2 * this.states.length, 256));
      bigger.set(this.states);
      this.states = bigger;
    }
    this.length = Math.max(this.length, length);
  }
}
