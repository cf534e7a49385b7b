import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createListener } from '../../src/server/node.ts';
import type { TestApi } from './api.ts';

/** Puts an API behind a socket of its own for one test; its URL. */
export async function behindSocket(context: TestContext, api: TestApi): Promise<string> {
  const server = createServer(createListener(api.app));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
