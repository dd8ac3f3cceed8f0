// This file draws the marks of the gutter. They differ in shape, so that they can be told
// apart without seeing their colors.

import type { Look } from './looks';

/**
 * Shapes in a square of 16 units. Bars touch the top and the bottom, so that those of
 * neighbouring lines join.
 */
const shapes: Record<Look, (color: string) => string> = {
  covered: (c) => `<rect x="6" width="4" height="16" fill="${c}"/>`,
  partly: (c) => `<rect x="6" width="4" height="8" fill="${c}"/><path d="M6.5 8v8M9.5 8v8" stroke="${c}"/>`,
  uncovered: (c) => [2, 6, 10, 14].map((y) => `<circle cx="8" cy="${y}" r="1.3" fill="${c}"/>`).join(''),
  stale: (c) => `<path d="M8 0v3M8 6.5v3M8 13v3" stroke="${c}" stroke-width="1.5"/>`,
  fresh0: (c) => fresh(c, 1),
  fresh1: (c) => fresh(c, 0.7),
  fresh2: (c) => fresh(c, 0.4),
  entry: (c) => `<path d="M3 3l5 5-5 5M8.5 3l5 5-5 5" fill="none" stroke="${c}" stroke-width="2"/>`,
  crash: (c) => `<circle cx="8" cy="8" r="7" fill="none" stroke="${c}" stroke-width="1.6"/><path d="M5 5l6 6M11 5l-6 6" stroke="${c}" stroke-width="2.2"/>`,
};

/** A star on a bar; it fades as the line gets older. */
function fresh(color: string, opacity: number): string {
  const star = 'M8 1.5l1.8 4.2 4.7.5-3.5 3.1 1 4.6L8 11.4 4 13.9l1-4.6L1.5 6.2l4.7-.5z';
  return `<rect x="6" width="4" height="16" fill="${color}" opacity=".55"/><path d="${star}" fill="${color}" opacity="${opacity}"/>`;
}

/** An SVG picture of a look's mark; its id names the look. */
export function icon(look: Look, color: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" id="${look}" viewBox="0 0 16 16" width="16" height="16">${shapes[look](color)}</svg>`;
}
