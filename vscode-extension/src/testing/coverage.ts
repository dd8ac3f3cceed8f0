// This file hands the present coverage to VS Code's own test coverage: percentages in the
// Explorer, the Test Coverage view, and its marks in editors. It is a snapshot: VS Code does
// not load the lines of a run again.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { LineState, type CoverageParams } from '../lspExt';

/** Adds the coverage of all files to a run. */
export async function addCoverage(ctx: Ctx, run: vscode.TestRun): Promise<number> {
  const { files } = await ctx.request('fuzzls/files', {});
  for (const file of files) {
    // VS Code counts a line as covered or not; a line that ran in part did run.
    const covered = file.covered + file.partly;
    run.addCoverage(new vscode.FileCoverage(vscode.Uri.parse(file.uri), new vscode.TestCoverageCount(covered, file.instrumented)));
  }
  return files.length;
}

/** The lines of a file, when the user looks at it. */
export async function loadLines(ctx: Ctx, uri: vscode.Uri, token: vscode.CancellationToken): Promise<vscode.FileCoverageDetail[]> {
  const lines = await ctx.request('fuzzls/lines', { uri: uri.toString() }, token);
  return lines ? details(lines) : [];
}

function details(params: CoverageParams): vscode.FileCoverageDetail[] {
  const found: vscode.FileCoverageDetail[] = [];
  for (const [first, last, state] of params.lines) {
    if (state === LineState.None || state === LineState.Stale) continue;
    for (let line = first; line <= last; line++) {
      const range = new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER);
      found.push(new vscode.StatementCoverage(state !== LineState.Uncovered, range));
    }
  }
  return found;
}
