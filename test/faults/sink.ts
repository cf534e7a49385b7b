/** A receiver that keeps a ledger of everything it was sent. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One delivery as it arrived, once or more often. */
export interface Arrived {
  /** The number the load gave its event. */
  number: number;
  eventId: string;
  /** Attempt number and digest of the body, for each time it came. */
  tries: { attempt: number; digest: string; answered: number }[];
}

export interface Sink {
  url: string;
  /** By delivery id. */
  arrived: ReadonlyMap<string, Arrived>;
  close(): Promise<void>;
}

/** Every seventh event is answered 500 the first time it comes, so that retries are in play as well. */
const TROUBLED = 7;

/** Starts a sink on a free port. */
export async function startSink(): Promise<Sink> {
  const arrived = new Map<string, Arrived>();
  const server = createServer(async (request, response) => {
    const body = await read(request).catch(() => null);
    if (body === null) return;
    response.writeHead(enter(arrived, request.headers, body));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arrived,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes one request into the ledger; the status to answer with. */
function enter(arrived: Map<string, Arrived>, headers: IncomingHttpHeaders, body: Buffer): number {
  const id = String(headers['hookyard-delivery']);
  const { number }: { number: number } = JSON.parse(body.toString()).data;
  const known = arrived.get(id) ?? { number, eventId: String(headers['webhook-id']), tries: [] };
  const attempt = Number(headers['hookyard-attempt']);
  const answered = number % TROUBLED === 0 && attempt === 1 ? 500 : 200;
  known.tries.push({ attempt, digest: createHash('sha256').update(body).digest('hex'), answered });
  arrived.set(id, known);
  return answered;
}
