// This file shows a place in the source without covering what the user looks at.

import * as vscode from 'vscode';

/** Puts the cursor at a location: in the editor that shows the file, or in the first group. */
export async function showLocation(location: vscode.Location): Promise<void> {
  const uri = location.uri.toString();
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri && editor.viewColumn !== undefined);
  const at = location.range.start;
  // The reproducer stands beside the source: it must not be covered by it.
  await vscode.window.showTextDocument(location.uri, { selection: new vscode.Range(at, at), viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One });
}
