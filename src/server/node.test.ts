import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openApi, type TestApi } from '../../test/support/api.ts';
import { eventually } from '../../test/support/eventually.ts';
import { createListener, limitConnections } from './node.ts';
import type { ServerOptions } from './options.ts';

interface Spoken {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

type Speak = (
  method: string,
  path: string,
  headers: readonly string[],
  chunks: readonly (string | Uint8Array)[],
) => Promise<Spoken>;

/** An API behind a socket of its own. */
async function serve(
  context: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<[TestApi, Speak, number, Server]> {
  const api = await openApi(options);
  const server: Server = createServer({ requireHostHeader: false });
  limitConnections(server, api.app, createListener(api.app));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const speak: Speak = (method, path, headers, chunks) =>
    new Promise((resolve, reject) => {
      const common = ['Host', `127.0.0.1:${port}`, 'Connection', 'close'];
      const outgoing = request(
        { host: '127.0.0.1', port, method, path, headers: [...common, ...headers] },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => {
            text += chunk;
          });
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
        },
      );
      outgoing.on('error', reject);
      for (const chunk of chunks) outgoing.write(chunk);
      outgoing.end();
    });
  return [api, speak, port, server];
}

function json(api: TestApi): string[] {
  return ['Authorization', `Bearer ${api.keys.admin}`, 'Content-Type', 'application/json'];
}

const PATHS = ['/api/v1/events', '/api/v1/webhook-subscriptions'];

test('publishing over a socket and through fetch answer alike', async (context) => {
  const [api, speak] = await serve(context, { maxBodyBytes: 2048 });
  const cases: [headers: string[], body: string][] = [
    [json(api), '{"type":"a.b","data":{"n":1.50}}'],
    [json(api), '{"type":7}'],
    [json(api), '{"type":'],
    [json(api), JSON.stringify({ type: 'a', data: 'x'.repeat(4000) })],
    [['Content-Type', 'application/json'], '{}'],
    [['Authorization', 'Bearer nope', 'Content-Type', 'application/json'], '{}'],
    [['Authorization', `Bearer ${api.keys.viewer}`, 'Content-Type', 'application/json'], '{}'],
    [['Authorization', `Bearer ${api.keys.admin}`, 'Content-Type', 'text/plain'], '{}'],
    [[...json(api), 'Content-Encoding', 'gzip'], '{}'],
    [[...json(api), 'Idempotency-Key', 'a b'], '{}'],
  ];
  const without = (text: string) => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '');
  for (const [headers, body] of cases) {
    const direct = await speak('POST', '/api/v1/events', headers, [body]);
    const named = Object.fromEntries(headers.flatMap((name, at) => (at % 2 ? [] : [[name, headers[at + 1] ?? '']])));
    const fetched = await api.call('POST', '/api/v1/events', body, { key: null, headers: named });
    assert.deepEqual([direct.status, without(direct.text)], [fetched.status, without(fetched.text)], body.slice(0, 40));
    for (const [name, value] of fetched.headers) {
      if (name !== 'x-request-id') assert.equal(direct.headers[name], value, name);
    }
    assert.match(String(direct.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  }
});

test('a body in many chunks is put together, its data in an allocation of its own', async (context) => {
  const [api, speak] = await serve(context);
  const got = await speak('POST', '/api/v1/events', json(api), ['{"type":"a.b",', '"data":', '"ä', 'ö"', '}']);
  assert.equal(got.status, 202, got.text);
  const kept = api.handovers[0]?.event.data;
  assert.deepEqual([new TextDecoder().decode(kept), kept?.buffer.byteLength], ['"äö"', 6]);
});

test('an endless body is refused at the limit, and the caller hears of it', async (context) => {
  const [api, speak] = await serve(context, { maxBodyBytes: 2048 });
  const paths = ['/api/v1/events', '/api/webhook/nonsense'];
  for (const path of paths) {
    const got = await speak('POST', path, json(api), ['x'.repeat(1500), 'x'.repeat(1500)]);
    assert.deepEqual([got.status, JSON.parse(got.text).code], [413, 'body_too_large'], path);
  }
});

test('a declared length over the limit is refused without waiting for the body', async (context) => {
  const [api, speak] = await serve(context);
  for (const path of PATHS) {
    const headers = [...json(api), 'Content-Length', `${64 * 1024 * 1024}`];
    const outcome = await speak('POST', path, headers, [Buffer.alloc(1024)]).catch(() => null);
    // The connection may go before the client has written all it declared; it must not be answered otherwise.
    if (outcome !== null) assert.equal(outcome.status, 413, path);
  }
});

test('two Authorization headers are refused on both ways', async (context) => {
  const [api, speak] = await serve(context);
  for (const path of PATHS) {
    const got = await speak('POST', path, [...json(api), 'Authorization', `Bearer ${api.keys.admin}`], ['{}']);
    assert.equal(got.status, 401, path);
  }
});

test('repeated headers reach the inbound door as they came', async (context) => {
  const [api, speak] = await serve(context);
  const made = await api.call('POST', '/api/v1/sources', { type: 'harbor' });
  const { secret, urls } = made.json.data;
  const path = new URL(urls.typed).pathname;
  const first = await speak('POST', path, ['Authorization', secret], ['{"type":"QUOTA"}']);
  assert.equal(first.status, 200, first.text);
  const twice = await speak('POST', path, ['Authorization', secret, 'Authorization', secret], ['{"type":"QUOTA"}']);
  assert.equal(twice.status, 401);
  api.advance(1);
  await speak('POST', path, ['Authorization', secret, 'Accept', 'one', 'Accept', 'two'], ['{"type":"PULL"}']);
  const [receipt] = (await api.call('GET', '/api/v1/receipts')).json.data;
  // Joined by fetch it would read "one, two".
  assert.equal(receipt.request.headers.accept, 'two');
});

test('a connection that breaks in mid-body leaves the server standing', async (context) => {
  const [api, speak, port] = await serve(context);
  const controller = new AbortController();
  const { authenticate } = api.ports;
  const breaking = async (key: string) => {
    controller.abort();
    return authenticate(key);
  };
  api.ports.authenticate = Object.assign(breaking, { forget: authenticate.forget });
  const headers = { Authorization: `Bearer ${api.keys.admin}`, 'Content-Type': 'application/json' };
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: PATHS[0],
    headers,
    signal: controller.signal,
  });
  const broken = once(outgoing, 'error');
  outgoing.write('{"type":');
  await broken;
  api.ports.authenticate = authenticate;
  assert.equal((await speak('POST', '/api/v1/events', json(api), ['{"type":"a","data":1}'])).status, 202);
});

test('a caller that is gone before its key was looked up is not counted as being answered for ever', async (context) => {
  const [api, , port, server] = await serve(context);
  const { authenticate } = api.ports;
  for (const path of PATHS) {
    const connected = once(server, 'connection');
    const late = async (key: string) => {
      const [socket] = await connected;
      outgoing.destroy();
      // Not `once`, which rejects when the socket breaks.
      await new Promise((resolve) => socket.on('close', resolve));
      // The server breaks off its requests after the socket has told everybody that it closed.
      await setImmediate();
      return authenticate(key);
    };
    api.ports.authenticate = Object.assign(late, { forget: authenticate.forget });
    const headers = ['Host', 'a', ...json(api), 'Content-Length', '100'];
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path, headers });
    const broken = once(outgoing, 'error');
    outgoing.write('{');
    await broken;
    await eventually(path, () => (api.app.server.load.inFlight === 0 ? true : null));
  }
});

test('bodies that do not come shut nobody out', async (context) => {
  const [api, speak, port, server] = await serve(context, { maxInFlight: 1 });
  const heads = [
    ['POST /api/v1/events', `Authorization: Bearer ${api.keys.admin}`, 'Content-Type: application/json'],
    ['POST /api/webhook/nonsense'],
  ];
  for (const [line, ...headers] of heads) {
    const asked = once(server, 'request');
    const socket = connect(port, '127.0.0.1');
    context.after(() => socket.destroy());
    socket.write([`${line} HTTP/1.1`, 'Host: a', 'Content-Length: 100', ...headers, '', '{'].join('\r\n'));
    await asked;
    await eventually(`a place beside ${line}`, async () => {
      const { status } = await speak('GET', '/api/v1/events', json(api), []);
      return status === 200 ? true : null;
    });
  }
});

test('connections beyond the limit are answered 503 with Retry-After and closed, except for probes', async (context) => {
  const [api, speak, port, server] = await serve(context, { maxConnections: 1 });
  const connected = once(server, 'connection');
  const first = connect(port, '127.0.0.1');
  context.after(() => first.destroy());
  await connected;
  for (const [method, path] of [
    ['POST', '/api/v1/events'],
    ['GET', '/api/v1/events'],
  ] as const) {
    const got = await speak(method, path, json(api), method === 'POST' ? ['{"type":"a","data":1}'] : []);
    const { code, status } = JSON.parse(got.text);
    assert.deepEqual([got.status, status, code], [503, 503, 'overloaded']);
    const { 'retry-after': after, connection, 'content-type': type } = got.headers;
    assert.deepEqual([after, connection, type], ['1', 'close', 'application/problem+json; charset=utf-8']);
  }
  const probe = await speak('GET', '/healthz', [], []);
  assert.deepEqual([probe.status, probe.headers.connection], [200, 'close']);
  first.end(`GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  assert.match(String((await once(first, 'data'))[0]), /^HTTP\/1\.1 200 /);
  await eventually('a connection that is let in', async () => {
    const { status } = await speak('GET', '/api/v1/events', json(api), []);
    return status === 200 ? true : null;
  });
  const { text } = await speak('GET', '/metrics', [], []);
  assert.match(text, /hookyard_http_requests_total\{route="surplus",method="POST",status="503"\} 1/);
});

test('a body sent over a connection too many does not keep the answer from its sender', async (context) => {
  const [, , port, server] = await serve(context, { maxConnections: 0 });
  const body = Buffer.alloc(4 * 1024 * 1024);
  const socket = connect(port, '127.0.0.1').pause();
  context.after(() => socket.destroy());
  assert.ok(server.maxConnections > 0);
  socket.write(`POST /api/webhook/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
  await promisify<Buffer, void>((bytes, written) => socket.write(bytes, (error) => written(error ?? null)))(body);
  const closed = once(socket, 'close');
  const [answer] = await once(socket.resume(), 'data');
  assert.match(String(answer), /^HTTP\/1\.1 503 /);
  await closed;
});

test('a connection goes on being used after a body that was refused and read to its end', async (context) => {
  const [api, , port] = await serve(context, { maxRequestBytes: 0, maxBodyBytes: 2 * 1024 * 1024 });
  const { load } = api.app.server;
  const socket = connect(port, '127.0.0.1');
  context.after(() => socket.destroy());
  const head = ['Host: a', `Authorization: Bearer ${api.keys.admin}`, 'Content-Type: application/json'].join('\r\n');
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const statuses = () => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  const body = '{"type":"a","data":1}';
  const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
  for (const framed of [
    `Content-Length: ${body.length}\r\n\r\n${body}`,
    `Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
  ]) {
    load.bytes = load.maxBytes;
    const before = statuses().length;
    socket.write(`POST ${PATHS[0]} HTTP/1.1\r\n${head}\r\n${framed}`);
    await eventually('the refusal', () => (statuses().length > before ? true : null));
    load.bytes = 0;
    socket.write(`POST ${PATHS[0]} HTTP/1.1\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await eventually('the next answer', () => (statuses().length > before + 1 ? true : null));
  }
  assert.deepEqual(statuses(), ['429', '202', '429', '202']);
});

for (const connection of ['keep-alive', 'close']) {
  test(`a caller that reads only when all is written still hears why not (${connection})`, async (context) => {
    const [api, , port] = await serve(context, { maxBodyBytes: 2048 });
    const body = Buffer.alloc(8 * 1024 * 1024);
    for (const [key, status] of [[api.keys.admin, '413'] as const, ['nobody', '401'] as const]) {
      const type = 'Content-Type: application/json';
      const head = ['Host: a', `Connection: ${connection}`, `Authorization: Bearer ${key}`, type].join('\r\n');
      const socket = connect(port, '127.0.0.1').pause();
      context.after(() => socket.destroy());
      socket.write(`POST ${PATHS[0]} HTTP/1.1\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n`);
      await promisify<Buffer, void>((bytes, written) => socket.write(bytes, (error) => written(error ?? null)))(body);
      const [answer] = await once(socket.resume(), 'data');
      assert.equal(String(answer).slice(9, 12), status);
    }
  });
}
