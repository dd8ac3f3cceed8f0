// A debug adapter that starts nothing: it agrees to everything and ends the session when
// it is asked to. The tests look at the configuration that it is started with.
const vscode = require('vscode');

class Adapter {
  #send = new vscode.EventEmitter();
  #seq = 1;
  onDidSendMessage = this.#send.event;

  handleMessage(message) {
    if (message.type !== 'request') return;
    this.#send.fire({ seq: this.#seq++, type: 'response', request_seq: message.seq, success: true, command: message.command, body: {} });
    if (message.command === 'initialize') this.#event('initialized');
    if (message.command === 'disconnect' || message.command === 'terminate') this.#event('terminated');
  }

  #event(event) {
    this.#send.fire({ seq: this.#seq++, type: 'event', event, body: {} });
  }

  dispose() {
    this.#send.dispose();
  }
}

exports.activate = (context) => {
  for (const { type } of context.extension.packageJSON.contributes.debuggers) {
    context.subscriptions.push(vscode.debug.registerDebugAdapterDescriptorFactory(type, {
      createDebugAdapterDescriptor: () => new vscode.DebugAdapterInlineImplementation(new Adapter()),
    }));
  }
};
