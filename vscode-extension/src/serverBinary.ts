// This file finds the server's executable and makes sure that it is one.

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';

/** A reason why the server cannot be used, with what the user can do. */
export class ServerTrouble extends Error {}

/** An executable that answers to --version. */
export interface ServerBinary {
  path: string;
  version: string;
  /** Where it came from, for the log. */
  origin: 'setting' | 'extension' | 'PATH';
}

/** So long may --version take; a machine that is busy building needs some seconds. */
const probeTimeout = 10_000;

/** The executable of the setting, or the bundled one, or that on the PATH. Throws ServerTrouble. */
export async function findServer(extensionPath: string): Promise<ServerBinary> {
  const chosen = vscode.workspace.getConfiguration('fuzzls').get<string>('server.path', '').trim();
  if (chosen) {
    const file = expand(chosen);
    if (!(await isExecutable(file))) {
      throw new ServerTrouble(`The fuzzls server was not found at "${file}". Correct the setting "fuzzls.server.path", or empty it to use the one that came with the extension.`);
    }
    return { path: file, version: await probe(file), origin: 'setting' };
  }
  const bundled = path.join(extensionPath, 'server', process.platform === 'win32' ? 'fuzzls.exe' : 'fuzzls');
  if (await isExecutable(bundled)) return { path: bundled, version: await probe(bundled), origin: 'extension' };
  const onPath = await searchPath();
  if (onPath) return { path: onPath, version: await probe(onPath), origin: 'PATH' };
  if (process.platform !== 'linux') {
    throw new ServerTrouble(`Fuzzls runs on Linux, and this is ${process.platform}: open the folder in a container, over SSH or in WSL, where the extension installs its server.`);
  }
  throw new ServerTrouble(
    `This build of the extension has no fuzzls server for ${process.platform} on ${process.arch}, and there is none on the PATH. ` +
      'Install it with "go install github.com/fuzzls/fuzzls/cmd/fuzzls@latest", or set "fuzzls.server.path".',
  );
}

function expand(file: string): string {
  const home = process.env.HOME ?? '';
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  return file.replace(/^~(?=\/)/, home).replaceAll('${workspaceFolder}', folder);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function searchPath(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, 'fuzzls');
    // A relative entry would mean an executable of the workspace.
    if (path.isAbsolute(folder) && (await isExecutable(file))) return file;
  }
  return undefined;
}

/** What `fuzzls --version` prints. */
function probe(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, ['--version'], { timeout: probeTimeout }, (error, stdout, stderr) => {
      const output = stdout.trim();
      if (!error && /^fuzzls\b/.test(output)) {
        resolve(output);
        return;
      }
      const said = error ? error.message + (stderr ? `\n${stderr.trim()}` : '') : `it printed "${output.slice(0, 200)}"`;
      reject(new ServerTrouble(`"${file} --version" did not work: ${said}. Set "fuzzls.server.path" to a fuzzls that runs on this machine.`));
    });
  });
}
