/**
 * Loaded into each node before its own code: notes the local port of every connection it makes, by which receivers on
 * this machine learn afterwards who it was that sent. A line a connection, written at once, so that `kill -9` loses none.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';

const file = process.env.FAULTS_PORTS_FILE;

subscribe('net.client.socket', (message) => {
  if (file === undefined || typeof message !== 'object' || message === null || !('socket' in message)) return;
  const { socket } = message;
  if (!(socket instanceof Socket)) return;
  socket.once('connect', () => {
    appendFileSync(file, `${socket.localPort} ${performance.timeOrigin + performance.now()}\n`);
  });
});
