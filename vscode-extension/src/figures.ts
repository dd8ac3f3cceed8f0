// This file puts figures into words: counts, rates, ages and the one-line summary.

import type { CrashStatus, Figures, Summary, TestStatus } from './lspExt';

/** 950, 45.1k, 1.2M, 3.4G. */
export function short(n: number): string {
  if (n < 1000) return String(Math.round(n));
  for (const [unit, size] of [['k', 1e3], ['M', 1e6], ['G', 1e9]] as const) {
    const value = n / size;
    if (value < 999.5 || unit === 'G') return `${value < 99.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}${unit}`;
  }
  return String(n);
}

/** 1,024 */
export function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

/** 5 s, 12 min, 3 h, 2 d; of milliseconds. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** 1 crash, 2 crashes */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

/** The percentage of instrumented lines that ran, fully or in part. */
export function percent(summary: Summary): string {
  if (summary.instrumented === 0) return '–';
  const part = ((summary.covered + summary.partly) / summary.instrumented) * 100;
  // 100 % is said only of what is complete.
  return `${Math.min(part, part < 100 ? 99.9 : 100).toFixed(part < 99.95 && part >= 9.95 ? 0 : 1).replace(/\.0$/, '')} %`;
}

/** "1.2M runs · 45k/s · 312 of 1,024 points · last find 12 s ago · 2 crashes" */
export function summaryLine(figures: Figures): string {
  const parts = [`${short(figures.runs)} runs`];
  if (figures.runsPerSecond > 0) parts.push(`${short(figures.runsPerSecond)}/s`);
  parts.push(`${grouped(figures.points)} of ${grouped(figures.totalPoints)} points`);
  if (figures.runsPerSecond > 0) parts.push(`last find ${age(figures.sinceFind)} ago`);
  if (figures.crashes > 0) parts.push(counted(figures.crashes, 'crash', 'crashes'));
  return parts.join(' · ');
}

/** "panic: index out of range": what happened, in a line. */
export function crashTitle(crash: CrashStatus): string {
  if (crash.message === '') return crash.kind;
  return crash.message.startsWith(crash.kind) ? crash.message : `${crash.kind}: ${crash.message}`;
}

/** "FuzzParse": the function of a fuzz test's id. */
export function functionName(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}

/** The figures of several fuzz tests taken together; undefined if none has any. */
export function total(tests: readonly TestStatus[]): Figures | undefined {
  const all = tests.flatMap((test) => (test.figures ? [test.figures] : []));
  if (all.length === 0) return undefined;
  const sum = (of: (f: Figures) => number): number => all.reduce((n, f) => n + of(f), 0);
  return {
    runs: sum((f) => f.runs),
    newRuns: sum((f) => f.newRuns),
    runsPerSecond: sum((f) => f.runsPerSecond),
    uniqueRuns: sum((f) => f.uniqueRuns),
    points: sum((f) => f.points),
    totalPoints: sum((f) => f.totalPoints),
    sinceFind: Math.min(...all.map((f) => f.sinceFind)),
    crashes: sum((f) => f.crashes),
  };
}
