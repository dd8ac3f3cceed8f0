// This file defines how tests inside the extension host are written and run: one after
// another, for they share one window.

import * as vscode from 'vscode';

type Body = (print: (line: string) => void) => Promise<void> | void;

const tests: { name: string; body: Body }[] = [];

/** Adds a test. What it prints stands below its name. */
export function test(name: string, body: Body): void {
  tests.push({ name, body });
}

/** Runs the tests in the order of their addition, until one fails: the others build on it. */
export async function runTests(): Promise<void> {
  let passed = 0;
  let failed = '';
  for (const { name, body } of tests) {
    const start = Date.now();
    const lines: string[] = [];
    try {
      await body((line) => lines.push(line));
      passed++;
      console.log(`  ✔ ${name} (${Date.now() - start}ms)`);
    } catch (error) {
      failed = name;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      console.log(`  ✖ ${name}\n${text}`);
    }
    for (const line of lines) console.log(`  ℹ ${line}`);
    if (failed) break;
  }
  console.log(`  = ${passed} of ${tests.length} passed`);
  if (failed) throw new Error(`failed: ${failed}`);
}

/** For how long something may not happen, in ms: a busy machine is slow, not wrong. */
const patience = 30_000;

/** Resolves with the first value of an event that is wanted. Listen before you cause it. */
export function next<T>(event: vscode.Event<T>, wanted: (value: T) => boolean = () => true): Promise<T> {
  const { stack } = new Error('what was waited for did not happen');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(stack)); }, patience);
    const listening = event((value) => {
      if (!wanted(value)) return;
      clearTimeout(timer);
      listening.dispose();
      resolve(value);
    });
  });
}

/** Tries until f does not throw; when patience ends, rejects with what it threw last. */
export async function eventually<T>(f: () => T | Promise<T>): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    try {
      return await f();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
