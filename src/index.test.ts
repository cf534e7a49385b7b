import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { test } from 'node:test';
import { freshDirectory } from '../test/support/hookyard.ts';
import { createHookyard } from './index.ts';

test('a request that does not come to its end is given up in half a minute, its headers in ten seconds', async (t) => {
  const dataDirectory = freshDirectory();
  const started = await createHookyard({ dataDirectory, apiKey: `hky_${'k'.repeat(43)}`, logLevel: 'error' });
  assert.ok(started.kind === 'started', JSON.stringify(started));
  t.after(async () => {
    await started.hookyard.close();
    await rm(dataDirectory, { recursive: true });
  });
  const seen: Server[] = [];
  const see = (message: unknown) => {
    seen.push((message as { server: Server }).server);
  };
  subscribe('http.server.request.start', see);
  t.after(() => unsubscribe('http.server.request.start', see));
  const { url } = await started.hookyard.listen({ host: '127.0.0.1', port: 0 });
  await (await fetch(`${url}/healthz`)).text();
  const [server] = seen;
  assert.deepEqual([server?.requestTimeout, server?.headersTimeout], [30_000, 10_000]);
});
