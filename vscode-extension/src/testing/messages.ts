// This file turns crashes into the messages of failed tests.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { crashTitle } from '../figures';
import type { CrashStatus } from '../lspExt';

/** A crash as a test message: at its line, with its stack. */
export function messageOf(ctx: Ctx, crash: CrashStatus): vscode.TestMessage {
  const message = new vscode.TestMessage(
    new vscode.MarkdownString().appendText(crashTitle(crash)).appendMarkdown('\n\nReplay: ').appendCodeblock(crash.replay, 'sh'),
  );
  if (crash.location) message.location = ctx.location(crash.location);
  message.stackTrace = crash.frames.map((frame) => {
    const at = frame.location && ctx.location(frame.location);
    return new vscode.TestMessageStackFrame(frame.function, at?.uri, at?.range.start);
  });
  return message;
}
