// This file defines the shapes of the stripe between the line numbers and the text. They
// differ without their colors, for those who cannot tell these apart.

import type { Look } from './looks';

/** A border as CSS has it; widths are those of the top, right, bottom and left. */
export interface Stripe {
  style: 'solid' | 'dashed' | 'dotted' | 'double';
  width: string;
}

/**
 * The stripe of each look. Wider ones would hide the text of lines that are not indented;
 * that of new lines is, for the seconds that it takes to shrink. A crash is a box. Dashes
 * of 3 px would run into each other: browsers stretch them to fill the line.
 */
export const stripes: Record<Look, Stripe> = {
  covered: { style: 'solid', width: '0 0 0 3px' },
  partly: { style: 'dashed', width: '0 0 0 2px' },
  uncovered: { style: 'dotted', width: '0 0 0 3px' },
  stale: { style: 'dotted', width: '0 0 0 2px' },
  fresh0: { style: 'solid', width: '0 0 0 6px' },
  fresh1: { style: 'solid', width: '0 0 0 5px' },
  fresh2: { style: 'solid', width: '0 0 0 4px' },
  entry: { style: 'double', width: '0 0 0 4px' },
  crash: { style: 'solid', width: '1px 0 1px 6px' },
};
