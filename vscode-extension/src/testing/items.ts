// This file keeps the Testing view's items equal to the fuzz tests: packages, and in them
// fuzz tests.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { TestStatus } from '../lspExt';

/** Makes the controller's items follow the state. */
export function syncItems(ctx: Ctx, controller: vscode.TestController): void {
  const packages = new Map<string, TestStatus[]>();
  for (const test of ctx.state.tests) packages.set(test.package, [...(packages.get(test.package) ?? []), test]);
  controller.items.forEach((item) => { if (!packages.has(item.id)) controller.items.delete(item.id); });
  for (const [name, tests] of packages) {
    let item = controller.items.get(name);
    if (!item) {
      item = controller.createTestItem(name, name);
      controller.items.add(item);
    }
    syncPackage(ctx, controller, item, tests);
  }
}

function syncPackage(ctx: Ctx, controller: vscode.TestController, parent: vscode.TestItem, tests: readonly TestStatus[]): void {
  const ids = new Set(tests.map((test) => test.id));
  parent.children.forEach((item) => { if (!ids.has(item.id)) parent.children.delete(item.id); });
  for (const test of tests) {
    const { uri, range } = ctx.location(test.location);
    let item = parent.children.get(test.id);
    // An item cannot move to another file.
    if (item?.uri?.toString() !== uri.toString()) {
      item = controller.createTestItem(test.id, test.name, uri);
      parent.children.add(item);
    }
    if (!item.range?.isEqual(range)) item.range = range;
    item.error = test.state === 'idle' ? test.failure : undefined;
  }
}

/** The item of a fuzz test. */
export function itemOf(controller: vscode.TestController, test: TestStatus): vscode.TestItem | undefined {
  return controller.items.get(test.package)?.children.get(test.id);
}

/** The fuzz tests' items that a request means. */
export function requested(controller: vscode.TestController, request: vscode.TestRunRequest): vscode.TestItem[] {
  const excluded = new Set(request.exclude?.map((item) => item.id));
  const found: vscode.TestItem[] = [];
  const add = (item: vscode.TestItem): void => {
    if (excluded.has(item.id)) return;
    if (item.parent) found.push(item);
    else item.children.forEach(add);
  };
  if (request.include) request.include.forEach(add);
  else controller.items.forEach(add);
  return found;
}
