// What any extension costs: it loads VS Code's API and does nothing.
require('vscode');
exports.activate = () => {};
