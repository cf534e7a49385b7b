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
  /** The answer that goes out before its own; null where it is the first. */
  before: ServerResponse | null;
}

/**
 * Answers what Node would answer with a bare status as any other refusal, where the socket still takes an answer. All
 * paths are alike: it depends on the bytes alone.
 */
export function answerUnreadable(http: HttpServer, server: Server): void {
  const last = new WeakMap<Duplex, Exchange>();
  const told = new WeakSet<Duplex>();
  const note = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    last.set(incoming.socket, { incoming, outgoing, before: last.get(incoming.socket)?.outgoing ?? null });
  };
  http.on('request', note).on('checkExpectation', note);
  http.on('clientError', (error: Unreadable, socket) => {
    // Whatever else comes fails alike.
    if (told.has(socket)) return;
    told.add(socket);
    refuseInTurn(server, socket, refusalOf(error), last.get(socket));
  });
  http.on('connect', (_incoming, socket) => {
    // Node leaves the socket to us, its failures too.
    socket.on('error', () => socket.destroy());
    refuseInTurn(server, socket, malformed('CONNECT is for proxies.'), last.get(socket));
  });
}

/** What came whole before it is answered first: its caller must not take the refusal for that answer. */
function refuseInTurn(server: Server, socket: Duplex, refusal: Refusal, last: Exchange | undefined): void {
  const before = last?.incoming.complete ? last.outgoing : last?.before;
  const refuse = () => refuseBytes(server, socket, refusal, last);
  if (before && !before.writableFinished) before.once('finish', refuse);
  else refuse();
}

function refuseBytes(server: Server, socket: Duplex, refusal: Refusal, last: Exchange | undefined): void {
  // Half a request that has its answer must not get another one.
  const hasAnswer = () => last?.incoming.complete === false && last.outgoing.headersSent;
  const mayAnswer = () => socket.writable && !hasAnswer();
  if (!mayAnswer()) {
    hangUp(server, socket);
    return;
  }
  const end = (answer: Answer) => {
    if (mayAnswer()) socket.write(wireText(answer));
    hangUp(server, socket);
  };
  refusalAnswer(server, '', refusal).then(end, () => socket.destroy());
}

/** Ends with what was written. One that is cut off while it writes never reads its answer. */
function hangUp({ ports }: Server, socket: Duplex): void {
  if (socket.destroyed) return;
  socket.once(
    'close',
    ports.clock.after(LINGER_MS, () => socket.destroy()),
  );
  socket.end();
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
