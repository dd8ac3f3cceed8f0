// This file defines Navigator: going to the next or previous uncovered lines, through all
// files, and to the newest covered line.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { CoverageParams } from '../lspExt';
import { blockAfter, blockBefore, uncoveredBlocks } from './blocks';
import type { Run } from './looks';
import { Picture } from './picture';

export class Navigator {
  constructor(private readonly ctx: Ctx) {}

  /** To the first uncovered lines after the cursor; after the last ones, to the next file's. */
  async next(): Promise<void> {
    await this.go((blocks, line) => blockAfter(blocks, line), (blocks) => blocks[0], 1);
  }

  async previous(): Promise<void> {
    await this.go((blocks, line) => blockBefore(blocks, line), (blocks) => blocks[blocks.length - 1], -1);
  }

  async newest(): Promise<void> {
    const newest = await this.ctx.request('fuzzls/newest', {});
    if (!newest) {
      void vscode.window.showInformationMessage('Nothing new has been covered since the server started.');
      return;
    }
    const { uri, range } = this.ctx.location(newest.location);
    await reveal(uri, [range.start.line, range.start.line]);
  }

  private async go(inFile: (blocks: Run[], line: number) => Run | undefined, ofFile: (blocks: Run[]) => Run | undefined, by: 1 | -1): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const shown = editor && this.ctx.state.coverage(editor.document.uri.toString())?.shown;
    const here = shown && inFile(uncoveredBlocks(shown), editor.selection.active.line);
    if (editor && here) {
      await reveal(editor.document.uri, here);
      return;
    }
    const found = await this.otherFile(editor?.document.uri.toString(), ofFile, by);
    if (found) await reveal(found.uri, found.block);
    else void vscode.window.showInformationMessage('There are no other uncovered lines.');
  }

  /** The block to go to in the first file, from the present one on and around, that has any. */
  private async otherFile(present: string | undefined, ofFile: (blocks: Run[]) => Run | undefined, by: 1 | -1): Promise<{ uri: vscode.Uri; block: Run } | undefined> {
    const { files } = await this.ctx.request('fuzzls/files', {});
    const uris = files.filter((f) => f.instrumented > f.covered).map((f) => vscode.Uri.parse(f.uri));
    const from = uris.findIndex((uri) => uri.toString() === present);
    for (let step = 1; step <= uris.length; step++) {
      const at = from < 0 && by < 0 ? uris.length - step : from + by * step;
      const uri = uris[(at + uris.length * 2) % uris.length];
      const lines = uri && (await this.ctx.request('fuzzls/lines', { uri: uri.toString() }));
      const block = lines && ofFile(uncoveredBlocks(pictureOf(lines)));
      if (block) return { uri, block };
    }
    return undefined;
  }
}

function pictureOf(params: CoverageParams): Picture {
  const picture = new Picture();
  picture.apply(params, Date.now());
  return picture;
}

/** Shows a block with the cursor in its first line. */
async function reveal(uri: vscode.Uri, block: Run): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const line = document.lineAt(Math.min(block[0], document.lineCount - 1));
  const at = new vscode.Position(line.lineNumber, line.firstNonWhitespaceCharacterIndex);
  const editor = await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
  editor.revealRange(new vscode.Range(block[0], 0, block[1], 0), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
