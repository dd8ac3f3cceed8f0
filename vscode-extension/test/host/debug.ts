// Debugging a crash, with stand-ins for the extensions that have the debuggers.

import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import { fake } from './live';
import { crash, crashes, extension, folder, fuzzTest, status, write } from './scene';
import { eventually, next, test } from './suite';

/** Debugs the crash, and returns what the debug adapter was started with. */
async function debugged(): Promise<Record<string, unknown>> {
  const started = next(vscode.debug.onDidStartDebugSession);
  // Both at once: the command does not end when it asks the user something instead.
  const [session] = await Promise.all([started, vscode.commands.executeCommand('fuzzls.debugCrash', 'panic-1')]);
  const ended = next(vscode.debug.onDidTerminateDebugSession);
  await vscode.debug.stopDebugging(session);
  await ended;
  return session.configuration;
}

async function known(signature: string): Promise<void> {
  await eventually(() => { assert.ok(extension.exports.ctx.state.crash(signature)); });
}

test('debugs a Go reproducer through the Go extension', async () => {
  status(fake, fuzzTest());
  crashes(fake, [crash()]);
  await known('panic-1');
  const settings = vscode.workspace.getConfiguration('fuzzls');
  await settings.update('go.buildFlags', ['-tags=x'], vscode.ConfigurationTarget.Workspace);
  const { type, request, mode, program, args, buildFlags } = await debugged();
  await settings.update('go.buildFlags', undefined, vscode.ConfigurationTarget.Workspace);
  assert.deepEqual({ type, request, mode, program, args, buildFlags }, {
    type: 'go', request: 'launch', mode: 'test', program: folder, args: ['-test.run', '^FuzzParse$/^5838cdfae7b16cde$'], buildFlags: ['-tags=x'],
  });
});

test('debugs others through CodeLLDB', async () => {
  const uri = write('fuzz.c', 'int LLVMFuzzerTestOneInput();\n').toString();
  status(fake, fuzzTest({ location: { uri, range: { start: { line: 0, character: 4 }, end: { line: 0, character: 10 } } } }));
  crashes(fake, [crash({ message: 'heap-buffer-overflow', replay: "ASAN_OPTIONS=a=1 ./out/fuzz 'crash one'", replayDir: folder })]);
  await eventually(() => { assert.equal(extension.exports.ctx.state.crash('panic-1')?.message, 'heap-buffer-overflow'); });
  const { type, program, args, cwd, env } = await debugged();
  assert.deepEqual({ type, program, args, cwd, env }, { type: 'lldb', program: path.join(folder, 'out/fuzz'), args: ['crash one'], cwd: folder, env: { ASAN_OPTIONS: 'a=1' } });
  status(fake, fuzzTest());
  crashes(fake, []);
});

test('a breakpoint on a covered line is VS Code\'s own', async () => {
  const at = new vscode.Location(vscode.Uri.file(path.join(folder, 'p.go')), new vscode.Position(2, 0));
  const breakpoint = new vscode.SourceBreakpoint(at);
  vscode.debug.addBreakpoints([breakpoint]);
  await eventually(() => { assert.ok(vscode.debug.breakpoints.some((b) => b.id === breakpoint.id)); });
  vscode.debug.removeBreakpoints([breakpoint]);
});
