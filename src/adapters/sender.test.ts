import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertFailure, assertResponse, receiver, request, sender, targetOf } from '../../test/support/outbound.ts';
import { steppedClock } from '../../test/support/stepped-clock.ts';
import type { Gate, Vetted } from '../ports.ts';

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as [string, string]] : []));
}

describe('a request on the wire', () => {
  it('carries exactly the given body and headers', async () => {
    const target = await receiver();
    const body = Buffer.from([0, 255, 13, 10, 0]);
    const headers = { 'content-type': 'text/x', 'X-Forge-Event': 'a;b' };
    const answer = await sender().send(request(`${target.url}/a%20b?c=d`, { method: 'PUT', headers, body }));
    assertResponse(answer);
    const [received] = target.requests;
    assert.ok(received);
    assert.equal(received.method, 'PUT');
    assert.equal(received.path, '/a%20b?c=d');
    assert.deepEqual(received.rawBody, body);
    assert.deepEqual(Object.fromEntries(pairs(received.rawHeaders)), {
      ...headers,
      host: `127.0.0.1:${target.port}`,
      connection: 'keep-alive',
      'accept-encoding': 'identity',
      'content-length': '5',
    });
  });

  it('names the length of an empty body', async () => {
    const target = await receiver();
    await sender().send(request(target.url, { body: new Uint8Array(0) }));
    assert.equal(target.requests[0]?.headers['content-length'], '0');
  });

  it('sends a view into a larger buffer as just the view', async () => {
    const target = await receiver();
    await sender().send(request(target.url, { body: new Uint8Array([1, 2, 3, 4]).subarray(1, 3) }));
    assert.deepEqual([...(target.requests[0]?.rawBody ?? [])], [2, 3]);
  });
});

describe('the address gate', () => {
  it('is asked before anything is sent, and a refused address is never connected to', async () => {
    const target = await receiver();
    const refusal = {
      rule: 'special_address',
      message: 'no',
      remedy: 'other',
      address: '127.0.0.1',
      range: 'Loopback',
    } as const;
    const vetted: Vetted = { kind: 'refused', refusal };
    const answer = await sender({ gate: { vet: async () => vetted } }).send(request(target.url));
    assertFailure(answer, 'ssrf_blocked');
    assert.deepEqual(answer.facts, {
      rule: 'special_address',
      message: 'no',
      remedy: 'other',
      ip: '127.0.0.1',
      range: 'Loopback',
    });
    assert.equal(target.connections(), 0);
  });

  for (const [failure, code] of [
    ['not_found', 'dns_not_found'],
    ['timeout', 'dns_timeout'],
  ] as const) {
    it(`saying ${failure} is ${code}`, async () => {
      const gate: Gate = { vet: async () => ({ kind: 'unresolved', host: 'gone.test', failure }) };
      const answer = await sender({ gate }).send(request('http://gone.test/'));
      assertFailure(answer, code);
      assert.equal(answer.facts.host, 'gone.test');
    });
  }

  it('that fails itself is our own fault', async () => {
    const gate: Gate = { vet: () => Promise.reject(new Error('http://secret.test/')) };
    const answer = await sender({ gate }).send(request('http://secret.test/'));
    assertFailure(answer, 'internal_error');
    assert.ok(!JSON.stringify(answer).includes('secret'));
  });

  it('decides over a kept connection again: one to an address no longer allowed is not used', async () => {
    const target = await receiver(undefined, { host: '0.0.0.0' });
    const lists = [['127.0.0.1'], ['127.0.0.1', '127.0.0.2'], ['127.0.0.2']];
    const gate: Gate = { vet: async (url) => ({ kind: 'allowed', target: targetOf(url, lists.shift() ?? []) }) };
    const sending = sender({ gate, options: { verdictsKeptMs: 0 } });
    const used: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const { connection } = await sending.send(request(`http://moving.test:${target.port}/`));
      used.push([connection.remoteAddress, connection.reused]);
    }
    assert.deepEqual(used, [
      ['127.0.0.1', false],
      ['127.0.0.1', true],
      ['127.0.0.2', false],
    ]);
  });

  it('is asked again for the same URL only after 5 s', async () => {
    const target = await receiver();
    const clock = steppedClock();
    let asked = 0;
    const gate: Gate = {
      async vet(url) {
        asked++;
        return { kind: 'allowed', target: targetOf(url, ['127.0.0.1']) };
      },
    };
    const sending = sender({ gate, clock });
    for (const [pauseMs, expected] of [
      [0, 1],
      [4999, 1],
      [1, 2],
    ] as const) {
      clock.advance(pauseMs);
      await sending.send(request(target.url));
      assert.equal(asked, expected);
    }
  });
});

describe('closing', () => {
  it('ends what is open and takes nothing more', async () => {
    const target = await receiver({ kind: 'hang' });
    const sending = sender({ options: { maxSocketsPerOrigin: 1 } });
    const open = [sending.send(request(target.url)), sending.send(request(target.url))];
    await target.waitFor((requests) => requests.length === 1);
    await sending.close();
    for (const answer of await Promise.all(open)) assertFailure(answer, 'aborted_shutdown');
    assertFailure(await sending.send(request(target.url)), 'aborted_shutdown');
    assert.deepEqual([sending.sockets(), target.connections()], [0, 1]);
  });
});
