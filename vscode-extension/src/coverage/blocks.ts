// This file defines the blocks of lines that fuzzing has not fully covered, and the order
// in which a user goes through them.

import { LineState } from '../lspExt';
import type { Picture } from './picture';
import type { Run } from './looks';

/** The runs of neighbouring uncovered or partly covered lines, ascending. */
export function uncoveredBlocks(picture: Picture): Run[] {
  const blocks: Run[] = [];
  let first = -1;
  for (let line = 0; line <= picture.lines; line++) {
    const state = picture.state(line);
    const wanted = state === LineState.Uncovered || state === LineState.Partly;
    if (wanted && first < 0) first = line;
    if (!wanted && first >= 0) {
      blocks.push([first, line - 1]);
      first = -1;
    }
  }
  return blocks;
}

/** The first block that begins after the line; undefined if there is none. */
export function blockAfter(blocks: readonly Run[], line: number): Run | undefined {
  return blocks.find((block) => block[0] > line);
}

/** The last block that ends before the line; undefined if there is none. */
export function blockBefore(blocks: readonly Run[], line: number): Run | undefined {
  return blocks.findLast((block) => block[1] < line);
}
