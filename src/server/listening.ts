/** Listening on a port, and ending it without leaving a request unanswered. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from './app.ts';
import { createListener, limitConnections } from './node.ts';
import { answerUnreadable } from './unreadable.ts';

export interface Listening {
  listen(at: { host: string; port: number }): Promise<{ url: string }>;
  /** From now on each answer is the last of its connection; resolves when all are given, or cut off after `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** A request has this long to arrive whole: one that comes byte by byte holds a socket and what it has sent. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Headers come in one or two packets. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How late Node may notice either; its own 30 s would make the 10 s of headers up to 40 s. */
const CONNECTIONS_CHECK_MS = 2000;
/** Connections that fall idle while the process stops are closed this often. */
const HANG_UP_EVERY_MS = 20;

/** The port of an app; nothing is opened before `listen`. */
export function createListening(app: App): Listening {
  let server: HttpServer | null = null;
  let stopping = false;
  return {
    async listen({ host, port }) {
      const answer = createListener(app);
      const limits = {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
        // Node would refuse a request without it in its own words, and probes with it.
        requireHostHeader: false,
      };
      server = createHttpServer(limits);
      limitConnections(server, app, (incoming, outgoing) => {
        // A client that keeps its connection busy would otherwise hold the process for as long as it has requests.
        if (stopping) outgoing.setHeader('Connection', 'close');
        answer(incoming, outgoing);
      });
      answerUnreadable(server, app.server);
      const address = await opened(server, host, port);
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}` };
    },
    async stop(drainMs) {
      stopping = true;
      if (server !== null) await closed(server, drainMs);
    },
  };
}

function opened(server: HttpServer, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

/** Answers what was asked and hangs up; a request that never ends is cut off with the drain. */
function closed(server: HttpServer, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const hangUp = setInterval(() => server.closeIdleConnections(), HANG_UP_EVERY_MS);
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearInterval(hangUp);
      clearTimeout(cut);
      resolve();
    });
  });
}
