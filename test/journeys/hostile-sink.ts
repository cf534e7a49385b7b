/** Whoever is reached, whatever the address: answers over TLS and writes down what it was reached at. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { canonicalAddress } from '../../src/core/address.ts';
import { selfSignedCertificate, testOnlyKey } from '../support/certificates.ts';

export interface Sink {
  /** Addresses that were connected to since the last `clear`, each once. */
  reached(): readonly string[];
  clear(): void;
  close(): Promise<void>;
}

/** Listens on every address, at the port of each of these URLs. */
export async function startSink(urls: readonly string[]): Promise<Sink> {
  const reached = new Set<string>();
  const servers = [...new Set(urls.flatMap(portOf))].map((port) => {
    const server = createServer({ key: testOnlyKey, cert: selfSignedCertificate }, answer);
    server.prependListener('connection', ({ localAddress = '' }: Socket) => {
      reached.add(canonicalAddress(localAddress) ?? localAddress);
    });
    return server.listen(port, '::');
  });
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return {
    reached: () => [...reached],
    clear: () => reached.clear(),
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function portOf(url: string): readonly number[] {
  const parsed = URL.parse(url, 'https://base.test/');
  if (parsed === null) return [];
  const port = Number(parsed.port || (parsed.protocol === 'http:' ? 80 : 443));
  return port > 0 ? [port] : [];
}

/** 200, or the redirect that the event asks for. A connection is used once, so that each delivery is written down. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { redirect } = JSON.parse(Buffer.concat(chunks).toString()).data ?? {};
  const location = redirect ? { location: redirect.location } : {};
  response.writeHead(redirect?.status ?? 200, { connection: 'close', ...location }).end();
}
