/** A receiver that notes which image each delivery told it of. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface PushSink {
  url: string;
  /** By tag: the ids of the deliveries that told of it, once for each try. */
  told: ReadonlyMap<string, readonly string[]>;
  close(): Promise<void>;
}

/** Starts a sink on a free port. */
export async function startPushSink(): Promise<PushSink> {
  const told = new Map<string, string[]>();
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => null);
    if (body === null) return;
    const { tag }: { tag: string } = JSON.parse(body).data.image;
    told.set(tag, [...(told.get(tag) ?? []), String(request.headers['hookyard-delivery'])]);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
