// This file draws coverage over time as an SVG picture. It knows nothing of VS Code but its
// color variables.

import { age, grouped } from '../figures';
import type { Sample } from '../lspExt';

/** One fuzz test's line. */
export interface Curve {
  name: string;
  samples: readonly Sample[];
}

/** The size of the picture's coordinates; it is stretched to the view's width. */
const width = 300;
const height = 120;
const left = 4;
const right = 4;
const top = 16;
const bottom = 16;

/** Told apart by color and by dashes. */
const strokes = [
  { color: 'var(--vscode-charts-blue)', dash: '' },
  { color: 'var(--vscode-charts-orange)', dash: '6 2' },
  { color: 'var(--vscode-charts-purple)', dash: '2 2' },
  { color: 'var(--vscode-charts-green)', dash: '8 2 2 2' },
  { color: 'var(--vscode-charts-red)', dash: '1 2' },
  { color: 'var(--vscode-charts-yellow)', dash: '10 3' },
];

/** The picture, and below it what each line stands for. An empty text if there is nothing to draw. */
export function plotHtml(curves: readonly Curve[]): string {
  const drawn = curves.filter((curve) => curve.samples.length > 0).map(({ name, samples }) => ({ name, samples: withoutDips(samples) }));
  if (drawn.length === 0) return '';
  const all = drawn.flatMap((curve) => curve.samples);
  const start = Math.min(...all.map((s) => s[0]));
  const end = Math.max(...all.map((s) => s[0]));
  const most = Math.max(1, ...all.map((s) => s[1]));
  const x = (time: number): number => left + ((width - left - right) * (time - start)) / Math.max(1, end - start);
  const y = (points: number): number => height - bottom - ((height - top - bottom) * points) / most;
  const lines = drawn.map((curve, i) => curveSvg(curve, strokes[i % strokes.length] ?? strokes[0], x, y));
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Covered points over time">
<path class="axis" d="M${left} ${top}V${height - bottom}H${width - right}"/>
<path class="grid" d="M${left} ${y(most)}H${width - right}"/>
${lines.join('\n')}
<text x="${left}" y="${top - 5}">${grouped(most)} points</text>
<text x="${left}" y="${height - 4}">0 s</text>
<text x="${width - right}" y="${height - 4}" text-anchor="end">${age(end - start)}</text>
</svg>
<ul>${drawn.map((curve, i) => legend(curve, strokes[i % strokes.length] ?? strokes[0])).join('')}</ul>`;
}

type Stroke = (typeof strokes)[number] | undefined;

/** A campaign that starts again has run what it knows, and its points are whole, within that; ms. */
const catchingUp = 5000;

/**
 * The samples with their dips filled. A campaign that starts again, after a stop or a save,
 * counts its points from nothing: that is no loss. What stays lower is one: the build is
 * another.
 */
export function withoutDips(samples: readonly Sample[]): Sample[] {
  const end = samples[samples.length - 1]?.[0] ?? 0;
  let later = Math.max(0, ...samples.map(([time, points]) => (end - time < catchingUp ? points : 0)));
  const reached = samples.map(([, points]) => points);
  for (let i = reached.length - 1; i >= 0; i--) reached[i] = later = Math.max(later, reached[i] ?? 0);
  let before = 0;
  return samples.map(([time, points, runs], i) => {
    before = Math.max(before, points);
    return [time, Math.min(before, reached[i] ?? before), runs];
  });
}

/** Coverage stays as it is until it grows: a staircase. */
function curveSvg(curve: Curve, stroke: Stroke, x: (t: number) => number, y: (p: number) => number): string {
  let path = '';
  let before = -1;
  for (const [time, points] of curve.samples) {
    if (path === '') path = `M${round(x(time))} ${round(y(points))}`;
    else path += `H${round(x(time))}${points === before ? '' : `V${round(y(points))}`}`;
    before = points;
  }
  return `<path class="curve" stroke="${stroke?.color ?? ''}" stroke-dasharray="${stroke?.dash ?? ''}" d="${path}"/>`;
}

function legend(curve: Curve, stroke: Stroke): string {
  const last = curve.samples[curve.samples.length - 1];
  const key = `<svg class="key" viewBox="0 0 24 8"><path class="curve" stroke="${stroke?.color ?? ''}" stroke-dasharray="${stroke?.dash ?? ''}" d="M0 4H24"/></svg>`;
  const name = curve.name.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<li>${key}<span>${name}</span><span class="quiet">${grouped(last?.[1] ?? 0)} points</span></li>`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
