import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { openApi } from '../../test/support/api.ts';
import { createListener, limitConnections } from './node.ts';

const api = await openApi();
const server = createServer({ requireHostHeader: false });
limitConnections(server, api.app, createListener(api.app));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
after(() => server.close());

/** What is answered to these lines, over a connection of its own. */
function ask(lines: readonly string[], body = ''): Promise<{ status: number; head: string; text: string }> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write([...lines, 'Connection: close', `Content-Length: ${body.length}`, '', body].join('\r\n'));
    });
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('end', () => {
      const [head = '', text = ''] = heard.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), head, text });
    });
  });
}

async function assertMalformed(lines: readonly string[], status = 400): Promise<void> {
  const answer = await ask(lines);
  assert.equal(answer.status, status, answer.head);
  assert.match(answer.head, /content-type: application\/problem\+json/i);
  assert.match(answer.head, /x-request-id: /i);
  const told = JSON.parse(answer.text);
  assert.deepEqual([told.code, told.status], ['malformed_request', status]);
}

const GET = 'GET /api/v1/openapi.json HTTP/1.1';
const PUBLISH = 'POST /api/v1/events HTTP/1.1';
const KNOCK = 'POST /api/webhook/nobody HTTP/1.1';

describe('a request with a head that is wrong is refused as a problem', () => {
  const heads: readonly (readonly [string, ...string[]])[] = [
    [GET],
    [GET, 'Host:'],
    [GET, 'Host: a', 'host: b'],
    [GET, 'Host: a:99999'],
    [GET, 'Host: a/b'],
    [GET, 'Host: a b'],
    [GET, 'Host: user@a'],
    [GET, 'Host: [::1'],
    [GET, 'Host: a%zz'],
    // Names by their characters, but of no URL.
    [GET, 'Host: 999.1'],
    [GET, 'Host: (a)%61'],
    ['GET /healthz HTTP/1.1', 'Host: a', 'Host: a'],
    ['GET /a\\b HTTP/1.1', 'Host: a'],
    ['OPTIONS * HTTP/1.1', 'Host: a'],
    ['GET ftp://a/healthz HTTP/1.1', 'Host: a'],
    [PUBLISH],
    [PUBLISH, 'Host: a', 'Host: b'],
    [PUBLISH, 'Host: a:99999'],
    [KNOCK, 'Host: a b'],
  ];
  for (const head of heads) test(head.join(', '), () => assertMalformed(head));

  test('Expect: foo', () => assertMalformed([GET, 'Host: a', 'Expect: foo'], 417));
});

describe('a request is answered', () => {
  test('without a Host when it is a probe, or HTTP/1.0', async () => {
    for (const lines of [
      ['GET /healthz HTTP/1.1'],
      ['GET /readyz?verbose HTTP/1.1', 'Host:'],
      ['GET /healthz HTTP/1.0'],
      ['GET /api/v1/openapi.json HTTP/1.0'],
    ]) {
      assert.equal((await ask(lines)).status, 200, lines.join());
    }
  });

  test('whatever host it names, if it is one', async () => {
    for (const host of ['a', 'A_b.example:80', '[::1]:8080', '127.0.0.1:1', 'a:65535']) {
      assert.equal((await ask(['GET /healthz HTTP/1.1', `Host: ${host}`])).status, 200, host);
    }
  });

  test('at the doors alike, whatever host it names', async () => {
    const answers = await Promise.all(
      [['Host: a'], ['Host: (b)'], ['Host: 1.2']].map((head) => ask([KNOCK, ...head], '{}')),
    );
    const bare = answers.map(({ head, text }) => head.replace(/Date: .*/, '') + text);
    assert.equal(new Set(bare).size, 1);
    assert.match(bare[0] ?? '', /^HTTP\/1.1 404/);
  });
});
