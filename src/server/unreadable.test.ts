import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { openApi, type TestApi } from '../../test/support/api.ts';
import { createListening } from './listening.ts';
import { answerUnreadable } from './unreadable.ts';

/** An API that listens, and what it answers to bytes until it closes the connection. */
async function listen(context: TestContext): Promise<[TestApi, (...parts: string[]) => Promise<string[]>]> {
  const api = await openApi();
  const listening = createListening(api.app);
  const { port } = new URL((await listening.listen({ host: '127.0.0.1', port: 0 })).url);
  context.after(() => listening.stop(0));
  const talk = async (...parts: string[]) => {
    const socket = connect(Number(port), '127.0.0.1').setEncoding('latin1');
    let heard = '';
    socket.on('data', (text: string) => {
      heard += text;
    });
    for (const part of parts) socket.write(part, 'latin1');
    await once(socket, 'end');
    socket.destroy();
    return heard.split(/(?=HTTP\/1\.1 \d{3} )/);
  };
  return [api, talk];
}

/** Head and body of an answer. */
function read(answer: string): { status: number; head: string; page: Record<string, unknown> } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  assert.match(head, new RegExp(`content-length: ${body.length}`, 'i'));
  return { status: Number(head.split(' ')[1]), head, page: JSON.parse(body) };
}

const LONG = `X-Long: ${'x'.repeat(20_000)}`;
const CHUNKED = 'Host: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const unreadable: readonly [string, string, number, RegExp][] = [
  ['no HTTP at all', 'hello\r\n\r\n', 400, /HTTP\/1\.1: .+/],
  ['the beginning of TLS', '\x16\x03\x01\x02\x00\x01\x00', 400, /HTTP\/1\.1: .+/],
  ['a method that is none', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 400, /HTTP\/1\.1: .+/],
  ['a header that is none', 'GET /healthz HTTP/1.1\r\nHost: a\r\nnot one\r\n\r\n', 400, /HTTP\/1\.1: .+/],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    /HTTP\/1\.1: .+/,
  ],
  ['headers without end', `GET /healthz HTTP/1.1\r\nHost: a\r\n${LONG}\r\n\r\n`, 431, /limit of 16384 bytes/],
  ['a chunk that is none', `POST /api/v1/events HTTP/1.1\r\n${CHUNKED}ZZ\r\n`, 400, /HTTP\/1\.1: .+/],
  ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n', 400, /proxies/],
];

for (const [name, bytes, status, detail] of unreadable) {
  test(`${name} is refused like anything else, with what to do`, async (context) => {
    const [, talk] = await listen(context);
    const answers = await talk(bytes);
    const { head, page, ...answer } = read(answers[0] ?? '');
    assert.deepEqual([answers.length, answer.status, page.status, page.code], [1, status, status, 'malformed_request']);
    assert.match(String(page.detail), detail);
    assert.match(String(page.agent_action), /^Tell the user /);
    assert.match(head, /\r\nContent-Type: application\/problem\+json/);
    assert.match(head, /\r\nConnection: close/);
  });
}

test('what cannot be read says the same behind a secret URL and where there is none', async (context) => {
  const [api, talk] = await listen(context);
  const made = await api.call('POST', '/api/v1/sources', { type: 'native', scheme: { type: 'url' } });
  const { pathname } = new URL(made.json.data.urls.secret, 'http://a');
  const answers = await Promise.all(
    [pathname, '/api/webhook/01900000-0000-4000-8000-000000000000'].map(async (path) => {
      const [answer = ''] = await talk(`POST ${path} HTTP/1.1\r\n${CHUNKED}2\r\n{}\r\n`, 'ZZ\r\n');
      return answer.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID');
    }),
  );
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
});

test('an event that came whole is answered as accepted, whatever follows it', async (context) => {
  const [api, talk] = await listen(context);
  const body = '{"type":"a.b","data":1}';
  const headers = ['Host: a', `Authorization: Bearer ${api.keys.admin}`, 'Content-Type: application/json'];
  const request = (more: readonly string[]) =>
    ['POST /api/v1/events HTTP/1.1', ...headers, ...more, `Content-Length: ${body.length}`, '', body].join('\r\n');
  const closing = await talk(`${request(['Connection: close'])}and more`);
  assert.deepEqual(
    closing.map((answer) => read(answer).status),
    [202],
  );
  const going = await talk(`${request([])}and more\r\n\r\n`);
  assert.deepEqual(
    going.map((answer) => read(answer).status),
    [202, 400],
  );
});

for (const [name, follows] of [
  ['a request with a broken chunk', `POST /api/v1/events HTTP/1.1\r\n${CHUNKED}ZZ\r\n`],
  ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
] as const) {
  test(`an event that came whole is answered before ${name} that follows it at once`, async (context) => {
    const [api, talk] = await listen(context);
    const body = '{"type":"a.b","data":1}';
    const headers = `Host: a\r\nAuthorization: Bearer ${api.keys.admin}\r\nContent-Type: application/json`;
    const event = `POST /api/v1/events HTTP/1.1\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answers = await talk(event + follows);
    assert.deepEqual([answers.length, read(answers[0] ?? '').status], [2, 202], answers.join('\n'));
  });
}

/** A socket whose other end is gone as soon as it was told of. */
function goneSocket(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

test('a caller that is gone before it is refused brings nothing down, and counts as no request', async () => {
  const { app } = await openApi();
  const counted: string[] = [];
  app.server.ports.metrics.count = (name) => counted.push(name);
  const server = createServer();
  answerUnreadable(server, app.server);
  const tunnel = goneSocket();
  server.emit('connect', new IncomingMessage(new Socket()), tunnel, Buffer.alloc(0));
  tunnel.destroy(new Error('reset'));
  await new Promise((resolve) => tunnel.once('close', resolve));
  counted.length = 0;
  const reset = goneSocket().destroy();
  server.emit('clientError', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), reset);
  await new Promise(setImmediate);
  assert.deepEqual(counted, []);
});
