/** The Node side: a request listener for `node:http` with a short way for publishing events. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { FlowPorts } from '../flows/configuration.ts';
import { type App, settle } from './app.ts';
import { bodyRefusal, endedEarly, joined, type ReadBytes, tooLarge } from './body.ts';
import { readUncounted } from './load.ts';
import { publishRequest } from './publish-route.ts';
import { freshRequestId } from './respond.ts';
import { PUBLISH_PATH } from './routes/events.ts';

/** A listener over an app. Publishing skips Request and Response objects; everything else goes through `app.fetch`. */
export function createListener(app: App, ports: Pick<FlowPorts, 'clock' | 'random'>): RequestListener {
  const listen = getRequestListener((request, env) => app.fetch(request, { incoming: env.incoming }), {
    overrideGlobalObjects: false,
  });
  return (incoming, outgoing) => {
    const direct = incoming.url === PUBLISH_PATH && incoming.method === 'POST';
    const done = direct ? publishDirectly(app, ports, incoming, outgoing) : listen(incoming, outgoing);
    // Both answer every failure themselves; what is left is a socket that is gone.
    done.catch(() => outgoing.destroy());
  };
}

async function publishDirectly(
  { server }: App,
  ports: Pick<FlowPorts, 'clock' | 'random'>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { headers } = incoming;
  const key = headers['idempotency-key'];
  const {
    status,
    body,
    headers: answered,
  } = await settle(server, { route: PUBLISH_PATH, method: 'POST', requestId: freshRequestId(ports) }, () =>
    publishRequest(server, {
      authorization: authorizationOf(incoming.rawHeaders),
      idempotencyKey: Array.isArray(key) ? key.join(', ') : key,
      contentType: headers['content-type'],
      query: null,
      read: async (maxBytes) => {
        const declared = {
          contentLength: headers['content-length'],
          contentEncoding: headers['content-encoding'],
        };
        const refusal = bodyRefusal(declared, maxBytes);
        return refusal ?? readUncounted(server.load, () => readIncoming(incoming, maxBytes));
      },
    }),
  );
  const text = body ?? '';
  outgoing.writeHead(status, { ...answered, 'Content-Length': Buffer.byteLength(text) });
  outgoing.end(text);
  if (status === 413) linger(incoming, ports.clock);
}

/** Clients that are still writing get this long to finish: one that is cut off at once never reads its answer. */
const LINGER_MS = 500;

function linger(incoming: IncomingMessage, clock: FlowPorts['clock']): void {
  incoming.once(
    'close',
    clock.after(LINGER_MS, () => incoming.socket.destroySoon()),
  );
  incoming.resume();
}

/** Reads a body by its events: iterating a stream costs a promise per chunk and destroys it at an early end. */
function readIncoming(incoming: IncomingMessage, maxBytes: number): Promise<ReadBytes> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    // Gone while the key was looked up: no event will tell of it any more.
    if (incoming.destroyed) resolve(endedEarly());
    function take(chunk: Uint8Array): void {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      incoming.off('data', take).pause();
      resolve(tooLarge(maxBytes));
    }
    incoming.on('data', take);
    incoming.once('end', () => resolve({ kind: 'bytes', bytes: joined(chunks, length) }));
    incoming.once('error', () => resolve(endedEarly()));
    incoming.once('close', () => resolve(endedEarly()));
  });
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
