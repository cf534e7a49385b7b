/** A way to PostgreSQL that can be lost at the worst moments. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { statementOf } from '../../src/adapters/postgres/statement.ts';

export interface PostgresProxy {
  /** The database's address through this proxy. */
  url: string;
  /** Cuts the connection of the next COMMIT: when it is asked for, or when it was made and is about to be answered. */
  cutAtCommit(moment: 'before' | 'after'): void;
  /** From the next cut on nobody gets through, until `comeBack`. */
  stayAwayAfterCut(): void;
  comeBack(): void;
  /** How many COMMITs were cut. */
  cuts(): number;
  /** Nothing gets through any more, either way, and nobody is told: as when a host is lost, or a router forgets. */
  swallow(what: 'everything' | 'open connections'): void;
  close(): Promise<void>;
}

type Moment = 'before' | 'after' | null;

/** A proxy in front of the database at `url`, which is one over TCP. */
export async function openPostgresProxy(url: string): Promise<PostgresProxy> {
  const target = new URL(url);
  // Prepared under this name, by whichever connection: in the bytes of both its preparation and its execution.
  const commit = Buffer.from(`${statementOf(['commit']).name}\0`);
  const sockets = new Set<Socket>();
  let cutAt: Moment = null;
  let cuts = 0;
  let swallowing = false;
  let staying = false;
  let away = false;

  const swallowed = new WeakSet<Socket>();
  const isSwallowed = (socket: Socket) => swallowing || swallowed.has(socket);

  function pass(inner: Socket, outer: Socket): void {
    let dropped = false;
    const cut = () => {
      cuts += 1;
      away = staying;
      outer.destroy();
      inner.destroy();
    };
    outer.on('data', (bytes: Buffer) => {
      if (isSwallowed(outer)) return;
      const moment = bytes.includes(commit) ? cutAt : null;
      if (moment !== null) cutAt = null;
      if (moment === 'before') return cut();
      dropped ||= moment === 'after';
      inner.write(bytes);
    });
    inner.on('data', (bytes) => {
      if (isSwallowed(inner)) return;
      // What answers it is only sent when it is durable.
      if (dropped) return cut();
      outer.write(bytes);
    });
  }

  const server = createServer({ allowHalfOpen: true }, (outer) => {
    if (away) {
      outer.destroy();
      return;
    }
    const inner = connect({ port: Number(target.port), host: target.hostname, allowHalfOpen: true });
    for (const [socket, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('end', () => {
        if (!isSwallowed(socket)) other.end();
      });
      socket.on('close', () => {
        sockets.delete(socket);
        if (!isSwallowed(socket)) other.destroy();
      });
    }
    pass(inner, outer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    cutAtCommit: (moment) => {
      cutAt = moment;
    },
    stayAwayAfterCut: () => {
      staying = true;
    },
    comeBack: () => {
      staying = false;
      away = false;
    },
    cuts: () => cuts,
    swallow: (what) => {
      for (const socket of sockets) swallowed.add(socket);
      swallowing = what === 'everything';
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
