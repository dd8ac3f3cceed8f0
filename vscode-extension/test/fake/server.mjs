#!/usr/bin/env node
// A server that speaks the contract but does nothing by itself: a test tells it through a
// socket (FUZZLS_FAKE_SOCKET) what to send and what to answer, and is told what came.
//
// To the server, a line of JSON each:
//   {"notify": method, "params": …}   sends a notification
//   {"answer": method, "result": …}   answers requests of that method from now on
//   {"begin": true}                    lets it read what the client sends
//   {"exit": code}                     ends it
// From the server, a line of JSON each: {"method", "params"} of every message of the client.
import { connect } from 'node:net';

if (process.argv.includes('--version')) {
  console.log('fuzzls version fake');
  process.exit(0);
}

const answers = new Map([
  ['initialize', {
    capabilities: {
      textDocumentSync: { openClose: true, change: 2, save: true },
      codeLensProvider: {}, executeCommandProvider: { commands: ['fuzzls.start', 'fuzzls.stop', 'fuzzls.replay'] },
      experimental: { fuzzls: { version: Number(process.env.FUZZLS_FAKE_VERSION ?? 1) } },
    },
    serverInfo: { name: 'fake' },
  }],
  ['fuzzls/status', { tests: [], workspaces: [] }],
  ['fuzzls/crashes', { crashes: [], fresh: [] }],
  ['fuzzls/files', { files: [] }],
  ['fuzzls/newest', null],
  ['fuzzls/history', { samples: [] }],
  ['fuzzls/lines', null],
  ['textDocument/codeLens', []],
]);

const control = connect(process.env.FUZZLS_FAKE_SOCKET);
control.on('error', () => process.exit(3));
control.on('close', () => process.exit(4));
lines(control, (line) => {
  const order = JSON.parse(line);
  if (order.notify) send({ method: order.notify, params: order.params });
  if (order.answer) answers.set(order.answer, order.result);
  if ('exit' in order) process.exit(order.exit);
  if (order.begin) process.stdin.on('data', input);
});

let buffer = Buffer.alloc(0);
process.stdin.on('end', () => process.exit(0));
function input(chunk) {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const end = buffer.indexOf('\r\n\r\n');
    const header = end < 0 ? undefined : /Content-Length: (\d+)/i.exec(buffer.toString('latin1', 0, end));
    if (!header || buffer.length < end + 4 + Number(header[1])) return;
    const body = buffer.subarray(end + 4, end + 4 + Number(header[1]));
    buffer = buffer.subarray(end + 4 + body.length);
    received(JSON.parse(body.toString()));
  }
}

function received(message) {
  if (!message.method) return; // an answer
  control.write(`${JSON.stringify({ method: message.method, params: message.params })}\n`);
  if (message.method === 'exit') process.exit(0);
  if (message.id === undefined) return;
  const key = message.method === 'workspace/executeCommand' && answers.has(message.params.command) ? message.params.command : message.method;
  const answer = answers.get(key) ?? null;
  if (answer?.error) send({ id: message.id, error: { code: -32603, message: answer.error } });
  else send({ id: message.id, result: answer });
}

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
  process.stdout.write(`Content-Length: ${body.length}\r\n\r\n`);
  process.stdout.write(body);
}

function lines(stream, each) {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      each(text.slice(0, end));
      text = text.slice(end + 1);
    }
  });
}
