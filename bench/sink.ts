/** A receiver as cheap as one can be: a process that counts whole requests and answers each with the same bytes. */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { answerParent } from './child.ts';
import { createFraming } from './framing.ts';
import type { Count } from './throughput.ts';

export type Sink = {
  /** The port it listens on, of 127.0.0.1. */
  listen(): Promise<number>;
  received(): Count;
};

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok');
let received = 0;

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  // A sender that is stopped resets its connections.
  socket.on('error', () => socket.destroy());
  socket.on(
    'data',
    createFraming(() => {
      received += 1;
      socket.write(ANSWER);
    }),
  );
}

answerParent({
  listen: () =>
    new Promise((resolve) => {
      const server = createServer(serve);
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
  received: () => ({ count: received, atMs: performance.now() }),
} satisfies Sink);
