// The fake server, which the tests inside the extension host use, too.
export { FakeServer } from '../fake/fakeServer.mjs';
