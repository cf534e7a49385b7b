/** The HTTP version that a receiver answers in, read off the first bytes of its answer: undici does not hand it on. */
import type { Socket } from 'node:net';

/** As long as `HTTP/1.1`, the beginning of a status line (RFC 9112 §4). */
const NAME_CHARS = 8;

export interface AnsweredVersion {
  /** Another answer is expected from here on. */
  begin(): void;
  /** Such as `1.1`; null while nothing came, and of what begins otherwise. */
  read(): string | null;
}

/** Watches what is read from a socket, which is nobody's but its line's. */
export function watchVersion(socket: Socket): AnsweredVersion {
  let seen = '';
  const readSocket = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: Buffer | null = readSocket(size);
    if (chunk !== null && seen.length < NAME_CHARS) seen += chunk.toString('latin1', 0, NAME_CHARS - seen.length);
    return chunk;
  };
  return {
    begin() {
      seen = '';
    },
    read: () => /^HTTP\/(\d\.\d)$/.exec(seen)?.[1] ?? null,
  };
}
