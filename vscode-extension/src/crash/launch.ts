// This file defines how a debugger is started on a reproducer. Nothing here knows VS Code.

import * as path from 'node:path';

/** A launch configuration: what launch.json would say. */
export interface Launch {
  type: string;
  request: 'launch';
  name: string;
  program: string;
  args: string[];
  [option: string]: unknown;
}

/** What a Go fuzz test is debugged with. */
export interface GoCrash {
  /** FuzzXxx. */
  test: string;
  /** The directory of its package. */
  dir: string;
  /** The path of the reproducer. */
  reproducer: string;
  buildFlags: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Has delve, through the Go extension, run only the reproducer: `go test` takes the files in
 * testdata/fuzz/FuzzXxx for subtests. Throws if the reproducer is elsewhere.
 */
export function goLaunch({ test, dir, reproducer, buildFlags, env }: GoCrash): Launch {
  const name = path.basename(reproducer);
  if (path.dirname(reproducer) !== path.join(dir, 'testdata', 'fuzz', test)) {
    throw new Error(`${reproducer} is not where go test looks for it: copy it to ${path.join(dir, 'testdata', 'fuzz', test)}, then run "go test -run ${test}/${name}" under the debugger.`);
  }
  return {
    type: 'go', request: 'launch', mode: 'test', name: `Debug ${test}/${name}`, program: dir,
    args: ['-test.run', `^${quoted(test)}$/^${quoted(name)}$`],
    ...(buildFlags.length > 0 ? { buildFlags: [...buildFlags] } : {}),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}

/** Makes a text match itself in a regular expression. */
function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * Has CodeLLDB run an executable as the replay command does: assignments of environment
 * variables, the executable, its arguments. Throws if it is another kind of command.
 */
export function nativeLaunch(name: string, replay: string, dir: string): Launch {
  const words = shellWords(replay);
  const first = words?.findIndex((word) => !/^\w+=/.test(word)) ?? -1;
  const program = words?.[first];
  if (!words || program === undefined) throw new Error(`The command that replays the crash cannot be debugged: ${replay}`);
  // Executables of Zig take no files, so that our own command replays.
  if (path.basename(program) === 'fuzzls') throw new Error('This fuzz test runs no single input by itself: make the crash a test, then debug that.');
  const env = Object.fromEntries(words.slice(0, first).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
  return { type: 'lldb', request: 'launch', name, program: path.resolve(dir, program), args: words.slice(first + 1), cwd: dir, env };
}

/**
 * The words of a shell command with quotes and backslashes; undefined if it does more than
 * run one program, such as pipes, redirections or expansions.
 */
export function shellWords(command: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  // White space, 'text', "text", an escaped character, or a plain one.
  for (const [token, single, double, escaped] of command.matchAll(/\s+|'([^']*)'|"((?:[^"\\$`]|\\.)*)"|\\(.)|[^]/g)) {
    if (/^\s/.test(token)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const plain = single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? escaped;
    if (plain === undefined && /^[|&;<>()$`"'*?[\]#~!{}\\]$/.test(token)) return undefined;
    word = (word ?? '') + (plain ?? token);
  }
  if (word !== undefined) words.push(word);
  return words;
}
