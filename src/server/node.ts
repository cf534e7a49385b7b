/** The Node side: a request listener for `node:http` with short ways for publishing events and for the doors. */
import type { Server as HttpServer, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { letGo } from '../core/let-go.ts';
import type { Problem } from '../core/problem.ts';
import type { FlowPorts } from '../flows/configuration.ts';
import { type App, pairsOf, senderOf, settle } from './app.ts';
import {
  type BodyPlace,
  endedEarly,
  type Intake,
  isLarge,
  type ReadBytes,
  readBody,
  roomRefusal,
  take,
  taken,
  turnsLarge,
} from './body.ts';
import { arrival, isProbe, MAX_CONNECTIONS, OVERLOADED } from './load.ts';
import type { Server } from './options.ts';
import { publishRequest } from './publish-route.ts';
import { headRefusal, malformed, UNEXPECTED } from './request-head.ts';
import { type Answer, freshRequestId, type Refusal, type Reply, toResponse } from './respond.ts';
import { PUBLISH_PATH } from './routes/events.ts';
import { type InboundPath, inboundPath, takeIn } from './routes/inbound.ts';
import { isServed } from './served.ts';

/**
 * A listener over an app. Publishing and the doors skip Request and Response objects; everything else goes through
 * `app.fetch`. What is no proper request is refused before either.
 */
export function createListener(app: App): RequestListener {
  const listen = getRequestListener((request, env) => app.fetch(request, { incoming: env.incoming }), {
    overrideGlobalObjects: false,
    // Stands for a `Host` that a request may lack.
    hostname: 'localhost',
    // It makes no Request of some targets and hosts. The app itself answers all its failures.
    errorHandler: async () => toResponse(await refusalAnswer(app.server, '', UNREADABLE_TARGET)),
  });
  const ingests = isServed(app.server, 'ingest');
  return (incoming, outgoing) => {
    const refusal = headRefusal(incoming);
    if (refusal !== null) return refuseHead(app.server, incoming, outgoing, refusal);
    if (!outgoing.shouldKeepAlive) endLate(app.server, incoming, outgoing);
    const answerDirectly = directAnswer(incoming, ingests);
    const done = answerDirectly === null ? listen(incoming, outgoing) : answerDirectly(app, incoming, outgoing);
    // Both answer every failure themselves; what is left is a socket that is gone.
    done.catch(() => outgoing.destroy());
  };
}

const UNREADABLE_TARGET = malformed('Its target and its `Host` header make no URL of this server.');

/** Answers what is refused for its head; the body is read by nobody, so the connection ends with it. */
function refuseHead(server: Server, incoming: IncomingMessage, outgoing: ServerResponse, refusal: Refusal): void {
  outgoing.setHeader('Connection', 'close');
  endLate(server, incoming, outgoing);
  refusalAnswer(server, incoming.method ?? '', refusal).then(
    (answer) => outgoing.end(writeHead(outgoing, answer)),
    () => outgoing.destroy(),
  );
}

/** The refusal of a request that no route was found for yet. */
export function refusalAnswer(server: Server, method: string, refusal: Refusal): Promise<Answer> {
  return settle(server, arrival('malformed', method, freshRequestId(server.ports)), async () => refusal);
}

type Direct = (app: App, incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

function directAnswer({ url = '', method }: IncomingMessage, ingests: boolean): Direct | null {
  if (url === PUBLISH_PATH) return ingests && method === 'POST' ? publishDirectly : null;
  const inbound = inboundPath(url);
  return inbound === null ? null : knockDirectly(inbound);
}

const publishDirectly: Direct = async ({ server }, incoming, outgoing) => {
  const { headers } = incoming;
  const { load, ports } = server;
  const key = headers['idempotency-key'];
  const stay = arrival(PUBLISH_PATH, 'POST', freshRequestId(ports));
  const answer = await settle(server, stay, () =>
    publishRequest(server, {
      authorization: authorizationOf(incoming.rawHeaders),
      idempotencyKey: Array.isArray(key) ? key.join(', ') : key,
      contentType: headers['content-type'],
      query: null,
      stay,
      read: (maxBytes) => readFrom(incoming, { load, stay }, maxBytes),
    }),
  );
  finish(ports, incoming, outgoing, answer);
};

/** Any method: what is not a door answers them all alike. */
function knockDirectly({ prefix, path }: InboundPath): Direct {
  return async ({ server }, incoming, outgoing) => {
    const { method = '', socket } = incoming;
    const { load, ports } = server;
    const stay = arrival(`${prefix}*`, method, freshRequestId(ports));
    const rawHeaders = pairsOf(incoming.rawHeaders);
    const remoteAddress = senderOf(server, socket.remoteAddress ?? null, rawHeaders);
    const answer = await settle(server, stay, () =>
      takeIn(server, {
        ...{ method, path, rawHeaders, remoteAddress, stay },
        read: (maxBytes, largeBodies = null) => readFrom(incoming, { load, stay, largeBodies }, maxBytes),
      }),
    );
    finish(ports, incoming, outgoing, answer);
  };
}

function readFrom(incoming: IncomingMessage, place: BodyPlace, maxBytes: number): Promise<ReadBytes> {
  const { headers } = incoming;
  const declared = { contentLength: headers['content-length'], contentEncoding: headers['content-encoding'] };
  return readBody(place, declared, maxBytes, (intake) => readIncoming(incoming, intake));
}

function finish(ports: Pick<FlowPorts, 'clock'>, incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer) {
  outgoing.end(writeHead(outgoing, answer));
  if (MAY_LEAVE_BODY.has(answer.status) && !incoming.readableEnded && !incoming.destroyed) linger(ports, incoming);
}

/** Refusals in the middle of a body; Node itself reads on only where nobody had begun. */
const MAY_LEAVE_BODY: ReadonlySet<number> = new Set([413, 429]);

/** Writes status and headers; the text that has to follow. */
function writeHead(outgoing: ServerResponse, { status, headers, body }: Answer): string {
  const text = body ?? '';
  outgoing.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) });
  return text;
}

/**
 * Clients that are still writing get this long to finish: who is cut off reads no answer, and 5 MiB take a while on a
 * slow line. Nothing of it is kept.
 */
export const LINGER_MS = 5000;

function linger({ clock }: Pick<FlowPorts, 'clock'>, incoming: IncomingMessage): void {
  incoming.once(
    'close',
    clock.after(LINGER_MS, () => incoming.socket.destroySoon()),
  );
  // Read and thrown away, at once: V8 would let chunks of some ten megabytes lie.
  incoming.on('data', letGo);
  incoming.resume();
}

/** Of a connection that closes with its answer: that is written at once, and ends when its caller has written. */
function endLate({ ports }: Server, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const end = outgoing.end.bind(outgoing);
  outgoing.end = (text?: unknown) => {
    if (incoming.complete || incoming.destroyed) return end(text);
    outgoing.write(text ?? '');
    incoming.once('close', () => end());
    linger(ports, incoming);
    return outgoing;
  };
}

/** Reads a body by its events: iterating a stream costs a promise per chunk and destroys it at an early end. */
function readIncoming(incoming: IncomingMessage, intake: Intake): Promise<ReadBytes> {
  return new Promise((resolve) => {
    // Gone while the key was looked up: no event will tell of it any more.
    if (incoming.destroyed) resolve(endedEarly());
    function refuse(refusal: Problem): void {
      incoming.off('data', next).pause();
      resolve(refusal);
    }
    function next(chunk: Uint8Array): void {
      const before = intake.bytes;
      const refusal = take(intake, chunk);
      if (refusal !== null) refuse(refusal);
      else if (turnsLarge(intake)) waitForRoom();
      // Chunks are copied. Those of the parser stand in allocations of their own, which V8 learns of late.
      if (isLarge(intake)) for (const copied of [before, chunk]) if (copied !== intake.bytes) letGo(copied);
    }
    function waitForRoom(): void {
      incoming.pause();
      void roomRefusal(intake).then((crowded) => (crowded === null ? incoming.resume() : refuse(crowded)));
    }
    incoming.on('data', next);
    incoming.once('end', () => resolve(taken(intake)));
    incoming.once('error', () => resolve(endedEarly()));
    incoming.once('close', () => resolve(endedEarly()));
  });
}

/** Of connections beyond the limit there are few, so each is to make room for the next one soon. */
const SURPLUS_LINGER_MS = 500;

/** Beyond the limit, so many connections at most are there to be told so; the rest are closed without a word. */
const MAX_SURPLUS = 256;
/** What they get to ask in; those that only hold a file are closed. */
const SURPLUS_MS = 2000;
/** 503, not the 429 of one who asks too much: whoever balances load should ask elsewhere. */
const NO_CONNECTION_LEFT: Reply = { ...OVERLOADED, detail: 'Too many connections are open.', status: 503 };

/**
 * Lets `answer` answer what comes over the first `maxConnections` connections of `server`. On those beyond it anything
 * but a probe is answered 503, and they are closed, so that files are left for what goes out.
 */
export function limitConnections(server: HttpServer, app: Pick<App, 'server'>, answer: RequestListener): void {
  const { clock } = app.server.ports;
  const { maxConnections = MAX_CONNECTIONS } = app.server.options;
  const surplus = new Set<IncomingMessage['socket']>();
  let open = 0;
  server.maxConnections = maxConnections + Math.min(MAX_SURPLUS, 1 + Math.floor(maxConnections / 8));
  server.on('connection', (socket) => {
    open++;
    socket.once('close', () => {
      open--;
      surplus.delete(socket);
    });
    if (open <= maxConnections) return;
    surplus.add(socket);
    socket.once(
      'close',
      clock.after(SURPLUS_MS, () => socket.destroySoon()),
    );
  });
  server.on('checkExpectation', (incoming, outgoing) => refuseHead(app.server, incoming, outgoing, UNEXPECTED));
  server.on('request', (incoming, outgoing) => {
    if (!surplus.has(incoming.socket)) return answer(incoming, outgoing);
    outgoing.setHeader('Connection', 'close');
    if (isProbe(incoming.url ?? '')) return answer(incoming, outgoing);
    turnAway(app.server, incoming, outgoing).catch(() => outgoing.destroy());
  });
}

async function turnAway(server: Server, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { ports } = server;
  const stay = arrival('surplus', incoming.method ?? '', freshRequestId(ports));
  const text = writeHead(outgoing, await settle(server, stay, async () => NO_CONNECTION_LEFT));
  outgoing.write(text);
  // The end of the answer is the end of the connection: a body still being written would be cut off before it is read.
  const end = () => outgoing.end();
  incoming.once('close', end).once('close', ports.clock.after(SURPLUS_LINGER_MS, end));
  incoming.resume();
}

/** Node keeps the first of repeated Authorization headers; joined, as everywhere else, they are refused. */
function authorizationOf(rawHeaders: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length !== AUTHORIZATION.length || name.toLowerCase() !== AUTHORIZATION) continue;
    found = found === undefined ? rawHeaders[at + 1] : `${found}, ${rawHeaders[at + 1]}`;
  }
  return found;
}

const AUTHORIZATION = 'authorization';
