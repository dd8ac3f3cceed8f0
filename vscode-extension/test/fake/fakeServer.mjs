// The test's end of server.mjs: tells it what to say, and waits for what it hears.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A message of the client.
 * @typedef {{ method: string, params: any }} Message
 */

export class FakeServer {
  /**
   * What the client sent to the present server process.
   * @type {Message[]}
   */
  heard = [];
  /** @type {{ matches: (message: Message) => boolean, resolve: (params: any) => void }[]} */
  #waiting = [];
  /** @type {import('node:net').Socket[]} */
  #sockets = [];
  /**
   * What every new server process is told first.
   * @type {object[]}
   */
  #standing = [];

  /** Where server.mjs is to connect to: its environment variable FUZZLS_FAKE_SOCKET. */
  socket = '';

  static start() {
    const fake = new FakeServer();
    fake.dir = mkdtempSync(path.join(tmpdir(), 'fuzzls-fake-'));
    fake.socket = path.join(fake.dir, 's');
    fake.server = createServer((socket) => fake.#connected(socket));
    fake.server.listen(fake.socket);
    return fake;
  }

  /** The executable of the server. */
  static get path() {
    return path.join(import.meta.dirname, 'server.mjs');
  }

  stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /**
   * Has the server send a notification.
   * @param {string} method
   * @param {object} params
   */
  notify(method, params) {
    this.#tell({ notify: method, params });
  }

  /**
   * Answers requests, or commands, of that name from now on, also after a restart of the server.
   * @param {string} method
   * @param {unknown} result
   */
  answer(method, result) {
    this.#standing = [...this.#standing.filter((order) => order.answer !== method), { answer: method, result }];
    this.#tell({ answer: method, result });
  }

  /**
   * Ends the server.
   * @param {number} code
   */
  exit(code) {
    this.heard = [];
    this.#tell({ exit: code });
  }

  /**
   * The first message of a method, past or to come, for which the predicate holds.
   * @param {string} method
   * @param {(params: any) => boolean} [predicate]
   * @param {number} [timeout] in ms
   * @returns {Promise<any>} its params
   */
  hears(method, predicate = () => true, timeout = 60_000) {
    const matches = (m) => m.method === method && predicate(m.params);
    const past = this.heard.find(matches);
    if (past) return Promise.resolve(past.params);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the client did not send ${method}; it sent ${[...new Set(this.heard.map((m) => m.method))].join(', ')}`)), timeout);
      this.#waiting.push({ matches, resolve: (params) => { clearTimeout(timer); resolve(params); } });
    });
  }

  /**
   * The next command with that name.
   * @param {string} name
   * @param {(args: any[]) => boolean} [predicate]
   * @returns {Promise<{ command: string, arguments: any[] }>}
   */
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
