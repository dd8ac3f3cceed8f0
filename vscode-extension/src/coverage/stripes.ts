// This file defines the shapes of the stripe between the line numbers and the text. They
// differ without their colors, for those who cannot tell these apart.

import type { Look } from './looks';

/** A border as CSS has it; widths are those of the top, right, bottom and left. */
export interface Stripe {
  style: 'solid' | 'dashed' | 'dotted' | 'double';
  width: string;
}

/**
 * The stripe of each look. A crash is a box. Dashes of 3 px would run into each other:
 * browsers stretch them to fill the line. What is 1 px wide could not be seen on an
 * indentation guide.
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

/**
 * Those of lines whose text begins at the very left, where VS Code leaves an extension no
 * room beside the text: what is wider would run through the first letter. A new line is
 * told from a covered one by its tint.
 */
export const thinStripes: Record<Look, Stripe> = {
  covered: { style: 'solid', width: '0 0 0 2px' },
  partly: { style: 'dashed', width: '0 0 0 2px' },
  uncovered: { style: 'dotted', width: '0 0 0 2px' },
  stale: { style: 'dotted', width: '0 0 0 1px' },
  fresh0: { style: 'solid', width: '0 0 0 2px' },
  fresh1: { style: 'solid', width: '0 0 0 2px' },
  fresh2: { style: 'solid', width: '0 0 0 2px' },
  entry: { style: 'double', width: '0 0 0 3px' },
  crash: { style: 'solid', width: '1px 0 1px 2px' },
};
