/** Requests that Node itself refuses: it cannot read them, or waited too long for them. */
import {
  type Server as HttpServer,
  type IncomingMessage,
  maxHeaderSize,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { LINGER_MS, refusalAnswer } from './node.ts';
import type { Server } from './options.ts';
import { malformed } from './request-head.ts';
import type { Answer, Refusal } from './respond.ts';

/** What a parser of Node says. */
interface Unreadable extends Error {
  code?: string;
  /** Of the parser: one of its fixed sentences. */
  reason?: string;
}

/** The last request of a connection that could be read. */
interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

/**
 * Answers what Node would answer with a bare status as any other refusal, where the socket still takes an answer. All
 * paths are alike: it depends on the bytes alone.
 */
export function answerUnreadable(http: HttpServer, server: Server): void {
  const last = new WeakMap<Duplex, Exchange>();
  const told = new WeakSet<Duplex>();
  const note = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    last.set(incoming.socket, { incoming, outgoing });
  };
  http.on('request', note).on('checkExpectation', note);
  http.on('clientError', (error: Unreadable, socket) => {
    // Whatever else comes fails alike.
    if (told.has(socket)) return;
    told.add(socket);
    const exchange = last.get(socket);
    const refuse = () => refuseBytes(server, socket, refusalOf(error), exchange);
    // What came whole before it is answered first: its caller must not take the refusal for that answer.
    if (exchange?.incoming.complete && !exchange.outgoing.writableFinished) exchange.outgoing.once('finish', refuse);
    else refuse();
  });
  http.on('connect', (_incoming, socket) => refuseBytes(server, socket, malformed('CONNECT is for proxies.')));
}

function refuseBytes(server: Server, socket: Duplex, refusal: Refusal, last?: Exchange): void {
  const { clock } = server.ports;
  // Half a request that has its answer must not get another one.
  const hasAnswer = () => last?.incoming.complete === false && last.outgoing.headersSent;
  const end = (answer: Answer) => {
    if (!socket.writable || hasAnswer()) return socket.destroy();
    // One that is cut off while it writes never reads its answer.
    socket.once(
      'close',
      clock.after(LINGER_MS, () => socket.destroy()),
    );
    return socket.end(wireText(answer));
  };
  refusalAnswer(server, '', refusal).then(end, () => socket.destroy());
}

function refusalOf({ code = '', reason }: Unreadable): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        ...malformed(`Its first line and its headers are over the limit of ${maxHeaderSize} bytes.`),
        status: 431,
      };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { ...malformed('Its chunks have too long extensions.'), status: 413 };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { ...malformed('It did not come whole in time.'), status: 408 };
    default:
      return malformed(`It cannot be read as HTTP/1.1${reason === undefined ? '' : `: ${reason}`}.`);
  }
}

function wireText({ status, headers, body }: Answer): string {
  const text = body ?? '';
  const framing = { Connection: 'close', 'Content-Length': Buffer.byteLength(text) };
  const lines = Object.entries({ ...headers, ...framing }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`;
}
