// The test's end of test/fake/server.mjs: tells it what to say, and waits for what it hears.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './vscode.mjs';

export class FakeServer {
  /** What the client sent to the present server process. */
  heard = [];
  #waiting = [];
  #sockets = [];
  /** What every new server process is told first. */
  #standing = [];

  static async start() {
    const fake = new FakeServer();
    fake.dir = mkdtempSync(path.join(tmpdir(), 'fuzzls-fake-'));
    fake.socket = path.join(fake.dir, 's');
    fake.server = createServer((socket) => fake.#connected(socket));
    await new Promise((resolve) => fake.server.listen(fake.socket, resolve));
    return fake;
  }

  static path = path.join(root, 'test/fake/server.mjs');

  stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  notify(method, params) {
    this.#tell({ notify: method, params });
  }

  /** From now on, also after a restart of the server. */
  answer(method, result) {
    this.#standing = [...this.#standing.filter((order) => order.answer !== method), { answer: method, result }];
    this.#tell({ answer: method, result });
  }

  exit(code) {
    this.heard = [];
    this.#tell({ exit: code });
  }

  /** The first message of a method, past or to come, for which the predicate holds. */
  hears(method, predicate = () => true, timeout = 60_000) {
    const matches = (m) => m.method === method && predicate(m.params);
    const past = this.heard.find(matches);
    if (past) return Promise.resolve(past.params);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the client did not send ${method}; it sent ${[...new Set(this.heard.map((m) => m.method))].join(', ')}`)), timeout);
      this.#waiting.push({ matches, resolve: (params) => { clearTimeout(timer); resolve(params); } });
    });
  }

  /** The next command with that name. */
  command(name, predicate = () => true) {
    return this.hears('workspace/executeCommand', (p) => p.command === name && predicate(p.arguments));
  }

  forget() {
    this.heard = [];
  }

  #tell(order) {
    this.#sockets.at(-1)?.write(`${JSON.stringify(order)}\n`);
  }

  #connected(socket) {
    this.#sockets.push(socket);
    socket.on('error', () => {});
    for (const order of this.#standing) socket.write(`${JSON.stringify(order)}\n`);
    socket.write('{"begin":true}\n');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.#hear(JSON.parse(text.slice(0, end)));
        text = text.slice(end + 1);
      }
    });
  }

  #hear(message) {
    this.heard.push(message);
    const woken = this.#waiting.filter((w) => w.matches(message));
    this.#waiting = this.#waiting.filter((w) => !w.matches(message));
    for (const w of woken) w.resolve(message.params);
  }
}
