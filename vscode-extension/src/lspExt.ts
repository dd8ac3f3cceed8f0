// This file mirrors the server's extension of LSP, docs/lsp-extensions.md: the shapes of
// the fuzzls/… notifications and requests. Lines and characters are zero-based; times are
// milliseconds since 1970 unless they are called age or since.

import type { Location } from 'vscode-languageclient/node';

/** The version of the extension that this client speaks (experimental.fuzzls.version). */
export const contractVersion = 1;

/** What is known of a line. */
export const LineState = {
  None: 0,
  Uncovered: 1,
  Partly: 2,
  Covered: 3,
  /** Edited since the build. */
  Stale: 4,
} as const;
export type LineState = (typeof LineState)[keyof typeof LineState];

/** Inclusive run of lines in one state. */
export type LineRun = [first: number, last: number, state: LineState];

export interface Summary {
  covered: number;
  partly: number;
  instrumented: number;
}

/** fuzzls/coverage: the coverage of one document, or what changed in it. */
export interface CoverageParams {
  textDocument: { uri: string; version: number };
  /** Counts up by one for each notification of the document since it was opened. */
  generation: number;
  /** True: replaces all. False: changes the previous one. */
  full: boolean;
  /** In differences, applied before lines: lines moved with the text. */
  splice?: { start: number; remove: number; insert: number };
  lines: LineRun[];
  /** Lines where fuzzing enters; replaces earlier ones if present. */
  entries?: number[];
  /** Newly covered lines, and how many milliseconds ago that was; added to earlier ones. */
  fresh?: [line: number, age: number][];
  summary: Summary;
}

export type TestState = 'idle' | 'queued' | 'building' | 'running' | 'replaying' | 'stopping';

export interface Figures {
  runs: number;
  newRuns: number;
  runsPerSecond: number;
  uniqueRuns: number;
  points: number;
  totalPoints: number;
  /** Milliseconds since something new was found. */
  sinceFind: number;
  crashes: number;
}

export interface TestStatus {
  /** "<import path>.<FuncName>", what commands take. */
  id: string;
  name: string;
  package: string;
  /** The range of the name. */
  location: Location;
  state: TestState;
  failure?: string;
  started?: number;
  workers?: number;
  figures?: Figures;
}

/** fuzzls/status, notification and request. */
export interface StatusParams {
  tests: TestStatus[];
  workspaces: { root: string; name: string }[];
}

export interface Frame {
  function: string;
  location?: Location;
  /** It is the user's code, not a library's. */
  own: boolean;
}

export interface CrashStatus {
  signature: string;
  /** The id of the fuzz test. */
  test: string;
  kind: string;
  message: string;
  location?: Location;
  frames: Frame[];
  /** URI of the file that holds the input. */
  reproducer: string;
  /** Shell command that replays it in replayDir. */
  replay: string;
  replayDir: string;
  status: 'open' | 'fixed' | 'dismissed';
  count: number;
  first: number;
  last: number;
  checked?: number;
  /** Source was edited since it crashed. */
  edited: boolean;
}

/** fuzzls/crashes, notification and request. */
export interface CrashesParams {
  crashes: CrashStatus[];
  /** Signatures that are told for the first time now. */
  fresh: string[];
}

export interface FileSummary extends Summary {
  uri: string;
}

/** Answer of fuzzls/files: worst first. */
export interface FilesResult {
  files: FileSummary[];
}

/** Answer of fuzzls/newest. */
export type NewestResult = { location: Location; time: number } | null;

export type Sample = [time: number, points: number, runs: number];

/** Answer of fuzzls/history. */
export interface HistoryResult {
  samples: Sample[];
}

export interface ReproducerValue {
  /** A Go type, or bytes for C, C++, Rust and Zig: the file is the input. */
  type: string;
  /** Go literal, or a text in quotes; shortened at 64 KiB. */
  text: string;
  /** Base64, for []byte, string and raw. */
  bytes?: string;
}

/** A value that a fuzz test asked for: where and how, and what it got. */
export interface AskedValue {
  name: string;
  text: string;
}

/** Answer of fuzzls/reproducer. */
export interface ReproducerResult {
  values: ReproducerValue[];
  /** What the fuzz test took from the bytes, where that is known: of Zig. */
  asked?: AskedValue[];
  size: number;
  uri: string;
}

/** What the command fuzzls.replay returns. */
export interface ReplayResult {
  message: string;
  /** Signatures. */
  crashes: string[];
  /** With a signature: whether it still crashes. */
  still?: boolean;
}

/** The requests by method: what they are asked with and what they answer. */
export interface Requests {
  'fuzzls/status': [Record<string, never>, StatusParams];
  'fuzzls/crashes': [Record<string, never>, CrashesParams];
  'fuzzls/files': [Record<string, never>, FilesResult];
  'fuzzls/newest': [Record<string, never>, NewestResult];
  'fuzzls/history': [{ test: string }, HistoryResult];
  'fuzzls/lines': [{ uri: string }, CoverageParams | null];
  'fuzzls/reproducer': [{ signature: string }, ReproducerResult];
}

/** The commands of the server by name: their arguments and what they return. */
export interface ServerCommands {
  'fuzzls.start': [string[], null];
  'fuzzls.stop': [string[], null];
  'fuzzls.replay': [[] | [string | { signature: string }] | [string, { quiet: boolean }], ReplayResult];
  'fuzzls.openReproducer': [[] | [string], null];
  'fuzzls.makeTest': [[] | [string], { message: string }];
  'fuzzls.minimize': [[] | [string], { message: string; before: number; after: number }];
  'fuzzls.dismiss': [[] | [string], null];
  'fuzzls.showReport': [[], null];
  'fuzzls.showFailure': [[] | [string], null];
  'fuzzls.clearCoverage': [[], null];
}
