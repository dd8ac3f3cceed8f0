// Tests that package.json, the sources and the README speak of the same things.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Manifest {
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string }[];
    menus: Record<string, { command: string }[]>;
    keybindings: { command: string }[];
    colors: { id: string }[];
    configuration: { properties: Record<string, { default: unknown }> };
  };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { contributes } = manifest;
const readme = readFileSync('README.md', 'utf8');
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(`src/${name}`, 'utf8'))
  .join('\n');

test('every command is registered, and every registered one is contributed', () => {
  const table = readFileSync('src/commands.ts', 'utf8');
  const registered = [...table.matchAll(/^ {4}'(fuzzls\.\w+)':/gm)].map((m) => m[1]).sort();
  assert.deepEqual(contributes.commands.map((c) => c.command).sort(), registered);
});

test('menus and keys name commands that exist', () => {
  const known = new Set(contributes.commands.map((c) => c.command));
  for (const { command } of [...Object.values(contributes.menus).flat(), ...contributes.keybindings]) assert.ok(known.has(command), command);
});

test('every color is used, and every used one is contributed', () => {
  const used = new Set([...sources.matchAll(/'(fuzzls\.\w+(?:Mark|Background))'/g)].map((m) => m[1]));
  assert.deepEqual(contributes.colors.map((c) => c.id).sort(), [...used].sort());
});

test('the README lists every setting with its default', () => {
  for (const [name, { default: value }] of Object.entries(contributes.configuration.properties)) {
    const shown = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
    assert.ok(readme.includes(`| \`${name}\` | \`${shown}\` |`), `${name}, default ${shown}`);
  }
});

test('every setting that has to do with building or running is restricted', () => {
  const harmless = ['fuzzls.coverage.display', 'fuzzls.codeLens', 'fuzzls.inlayHints', 'fuzzls.trace.server'];
  const restricted = Object.keys(contributes.configuration.properties).filter((name) => !harmless.includes(name));
  assert.deepEqual([...manifest.capabilities.untrustedWorkspaces.restrictedConfigurations].sort(), restricted.sort());
});

test('the contract has the methods and commands of its page', () => {
  const page = readFileSync('../docs/lsp-extensions.md', 'utf8');
  const contract = readFileSync('src/lspExt.ts', 'utf8');
  for (const [, command] of page.matchAll(/^\| `(fuzzls\.\w+)`/gm)) assert.ok(contract.includes(`'${command ?? ''}'`), command);
  const methods = new Set([...page.matchAll(/`?(fuzzls\/\w+)`?/g)].map((m) => m[1] ?? ''));
  for (const method of methods) assert.ok(sources.includes(`'${method}'`), method);
});
