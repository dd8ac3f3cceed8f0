// Activation, what is registered, settings, the status bar, and memory.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';
import type { LineRun } from '../../src/lspExt';
import { Coverage, covered, crash, crashes, extension, fuzzTest, messages, open, source, startServer, status, stripes, uncovered, write } from './scene';
import { eventually, test } from './suite';

export const fake = startServer();
export const file = write('p.go', source(40));
write('p_test.go', 'package p\n\nimport "testing"\n\nfunc FuzzParse(f *testing.F) {\n}\n');
write('go.mod', 'module example.com/p\n');
export const coverage = new Coverage(fake, file);
const figures = { runs: 1_234_567, newRuns: 20_000, runsPerSecond: 45_100, uniqueRuns: 310, points: 312, totalPoints: 1024, sinceFind: 12_000, crashes: 1 };

test('is activated in little time', async (print) => {
  assert.equal(extension.isActive, false, 'nothing asked for it yet');
  const cpu = process.cpuUsage();
  const start = performance.now();
  await extension.activate();
  const took = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  // Printed, not judged: the machine may be busy.
  print(`activation, code loaded: ${took.toFixed(1)} ms, of which CPU ${((user + system) / 1000).toFixed(1)} ms`);
  await eventually(() => { assert.equal(extension.exports.ctx.phase, 'running'); }).catch(async (error: unknown) => { print((await messages()).join('\n')); throw error; });
  const params = await fake.hears('initialize') as { initializationOptions: { trusted: boolean; settings: { timeout: string } } };
  assert.equal(params.initializationOptions.trusted, true);
  assert.equal(params.initializationOptions.settings.timeout, '10s');
  print(`server connected ${(performance.now() - start).toFixed(0)} ms after activation began`);
});

test('registers every command that it contributes', async () => {
  const known = new Set(await vscode.commands.getCommands(true));
  const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };
  for (const { command } of manifest.contributes.commands) assert.ok(known.has(command), command);
});

test('passes on what the settings become', async () => {
  fake.forget();
  const settings = vscode.workspace.getConfiguration('fuzzls');
  await settings.update('timeout', '3s', vscode.ConfigurationTarget.Workspace);
  await fake.hears('workspace/didChangeConfiguration');
  assert.equal(vscode.workspace.getConfiguration('fuzzls').get('timeout'), '3s');
  await settings.update('timeout', undefined, vscode.ConfigurationTarget.Workspace);
});

test('has the figures in the status bar', async () => {
  const { item } = extension.exports.statusBar;
  const text = (wanted: RegExp): Promise<void> => eventually(() => { assert.match(item.text, wanted); });
  status(fake, fuzzTest());
  await eventually(() => { assert.match((item.tooltip as vscode.MarkdownString).value, /1 fuzz test, 0 open crashes/); });
  await text(/^\$\(beaker\) Fuzzls$/);
  status(fake, fuzzTest({ state: 'building' }));
  await text(/Fuzzls: building$/);
  status(fake, fuzzTest({ state: 'replaying', figures }));
  await text(/Fuzzls: replaying$/);
  status(fake, fuzzTest({ state: 'running', figures }));
  crashes(fake, [crash()]);
  await text(/^\$\(pulse\) 45\.1k\/s · 312\/1,024 \$\(bug\) 1$/);
  assert.equal(item.command, 'fuzzls.showCampaign');
  assert.doesNotMatch(item.accessibilityInformation?.label ?? '$', /\$/);
  crashes(fake, []);
  status(fake, fuzzTest());
  await text(/^\$\(beaker\) Fuzzls$/);
});

test('takes little memory for 100,000 lines with coverage', async (print) => {
  const lines = 100_000;
  const big = write('big.go', source(lines));
  const editor = await open(fake, big);
  const before = process.memoryUsage();
  const runs: LineRun[] = Array.from({ length: lines }, (_, i) => [i, i, i % 2 === 0 ? covered : uncovered]);
  new Coverage(fake, big).full(1, runs);
  await eventually(() => { assert.ok((stripes(editor).covered?.length ?? 0) >= 1000); });
  const after = process.memoryUsage();
  const mb = (n: number): string => `${(n / (1 << 20)).toFixed(1)} MB`;
  print(`extension host: ${mb(after.rss)} resident, heap ${mb(after.heapUsed)}; 100,000 states added ${mb(after.heapUsed - before.heapUsed)} of heap before it is collected`);
  await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
});
