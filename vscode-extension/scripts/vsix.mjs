// Makes fuzzls-<target>-<version>.vsix: the server for the platform, the bundles, and the
// licenses of what is in them. The target is this machine's, or one of those below:
//   node scripts/vsix.mjs [linux-x64|linux-arm64]
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { bundle } from '../esbuild.mjs';

/** Where the server runs, as VS Code and as Go call it; machine is what its ELF header says. */
const platforms = {
  'linux-x64': { go: { GOOS: 'linux', GOARCH: 'amd64' }, machine: 62 },
  'linux-arm64': { go: { GOOS: 'linux', GOARCH: 'arm64' }, machine: 183 },
};

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const target = process.argv[2] ?? `${process.platform}-${process.arch}`;
const platform = platforms[target];
if (!platform) {
  console.error(`there is no server for ${target}: fuzzls runs on Linux; choose one of ${Object.keys(platforms).join(', ')}`);
  process.exit(2);
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

// A static executable runs on any distribution.
const server = path.join(root, 'server', 'fuzzls');
rmSync(server, { force: true });
execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', server, './cmd/fuzzls'], {
  cwd: path.resolve(root, '..'),
  env: { ...process.env, ...platform.go, CGO_ENABLED: '0' },
  stdio: 'inherit',
});
checkMachine(server, platform.machine);

writeFileSync('dist/LICENSES.txt', licenses(await bundle()));
copyFileSync('../LICENSE', 'LICENSE');

const packagePath = `fuzzls-${target}-${version}.vsix`;
await createVSIX({ cwd: root, packagePath, target, dependencies: false });

/** Makes sure that an executable is one of Linux for a machine (e_machine of the ELF header). */
function checkMachine(file, machine) {
  const header = readFileSync(file).subarray(0, 20);
  if (header.readUInt32BE(0) !== 0x7f454c46 || header.readUInt16LE(18) !== machine) {
    throw new Error(`${file} is not an executable for ${target}: do GOFLAGS or go env change where it is built for?`);
  }
}

/** The licenses of the packages that are in the bundles, which are made of these files. */
function licenses(files) {
  const packages = new Set();
  for (const file of files) {
    const found = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file);
    if (found) packages.add(found[0]);
  }
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const file = existsSync(folder) && readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : '';
    return `${name} ${version} (${license})\n\n${text}\n`;
  }).join('\n----\n\n');
}
