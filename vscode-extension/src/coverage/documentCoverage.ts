// This file defines DocumentCoverage: what the server last said of a document, moved along
// with the edits that the server had not seen when it said so.

import type { CoverageParams, Summary } from '../lspExt';
import { Picture } from './picture';

/** A change of a document, as VS Code tells it. */
export interface TextChange {
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
  text: string;
}

/** Lines [start, start+remove) were replaced by insert lines. */
export interface LineEdit {
  start: number;
  remove: number;
  insert: number;
}

/**
 * The lines that a change replaces. The line in which the change begins stays what it is,
 * unless the change begins at its very start and ends at one: then whole lines moved.
 */
export function lineEdit(change: TextChange): LineEdit {
  const { start, end } = change.range;
  const insert = newlines(change.text);
  const wholeLines = start.character === 0 && end.character === 0 && (change.text === '' || /[\r\n]$/.test(change.text));
  return { start: wholeLines ? start.line : start.line + 1, remove: end.line - start.line, insert };
}

function newlines(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

/** What became of a notification. */
export type Applied = 'applied' | 'gap';

/** The coverage of one open document. */
export class DocumentCoverage {
  /** As the server said, for the text of some earlier or the present version. */
  private said = new Picture();
  /** Edits that the server had not seen, by the version that they made. */
  private pending: { version: number; edit: LineEdit }[] = [];
  /** said with pending applied; undefined if it must be computed. */
  private present: Picture | undefined = this.said;
  private generation: number | undefined;
  summary: Summary = { covered: 0, partly: 0, instrumented: 0 };

  /** The picture of the document's present text. It must not be changed. */
  get shown(): Picture {
    if (!this.present) {
      this.present = this.said.clone();
      for (const { edit } of this.pending) this.present.splice(edit.start, edit.remove, edit.insert);
    }
    return this.present;
  }

  /**
   * Takes in a notification. A difference that does not follow the previous notification
   * is not applied: 'gap'.
   */
  apply(params: CoverageParams, now: number): Applied {
    if (!params.full && (this.generation === undefined || params.generation !== this.generation + 1)) return 'gap';
    this.generation = params.generation;
    this.said.apply(params, now);
    this.said.age(now);
    this.summary = params.summary;
    this.pending = this.pending.filter((p) => p.version > params.textDocument.version);
    this.present = this.pending.length === 0 ? this.said : undefined;
    return 'applied';
  }

  /** Takes in an edit of the user; returns whether lines moved. */
  edited(version: number, changes: readonly TextChange[]): boolean {
    let moved = false;
    for (const change of changes) {
      const edit = lineEdit(change);
      if (edit.remove === 0 && edit.insert === 0) continue;
      this.pending.push({ version, edit });
      moved = true;
    }
    if (moved) this.present = undefined;
    return moved;
  }

  /** Forgets lines that are no longer fresh. */
  age(now: number): void {
    this.said.age(now);
    if (this.present !== this.said) this.present?.age(now);
  }
}
