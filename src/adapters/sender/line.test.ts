import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertFailure, assertResponse, receiver, request, sender } from '../../../test/support/outbound.ts';
import type { Script } from '../../../test/support/receiver.ts';

describe('what is no HTTP answer', () => {
  const cases: [string, Script][] = [
    ['garbage', { kind: 'raw', bytes: 'SSH-2.0-OpenSSH_9.9\r\n' }],
    ['an unsolicited 100', { kind: 'raw', bytes: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' }],
    ['a switch of protocols', { kind: 'raw', bytes: 'HTTP/1.1 101 S\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n' }],
    ['a status of 600', { kind: 'raw', bytes: 'HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n' }],
    ['a head of more than 16 KiB', { kind: 'raw', bytes: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n` }],
  ];
  for (const [name, script] of cases) {
    it(`${name} is a protocol error`, async () => {
      const target = await receiver(script);
      const answer = await sender().send(request(target.url));
      assertFailure(answer, 'protocol_error');
      assert.ok(answer.facts.detail);
    });
  }

  it('after a good answer breaks the connection and spoils nothing', async () => {
    const twice = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n';
    const target = await receiver([
      { kind: 'raw', bytes: twice },
      { kind: 'status', status: 200 },
    ]);
    const sending = sender();
    for (let n = 0; n < 2; n++) {
      const answer = await sending.send(request(target.url));
      assertResponse(answer);
      assert.equal(answer.status, 200);
    }
  });
});

describe('a connection that breaks', () => {
  for (const when of ['before_answer', 'in_headers'] as const) {
    it(`${when.replace('_', ' ')} is a reset`, async () => {
      const target = await receiver({ kind: 'reset', when });
      const answer = await sender().send(request(target.url));
      assertFailure(answer, 'connection_reset');
      assert.equal(answer.facts.ip, '127.0.0.1');
      assert.equal(target.requests.length, 1);
    });
  }

  it('by a proper close before the answer is a reset too', async () => {
    const target = await receiver({ kind: 'close' });
    assertFailure(await sender().send(request(target.url)), 'connection_reset');
  });

  it('is replaced once when it had been used before, and that is no failure', async () => {
    const target = await receiver([
      { kind: 'status', status: 200 },
      { kind: 'reset', when: 'before_answer' },
      { kind: 'status', status: 201 },
    ]);
    const sending = sender();
    await sending.send(request(target.url));
    const answer = await sending.send(request(target.url));
    assertResponse(answer);
    assert.equal(answer.status, 201);
    assert.equal(answer.connection.reused, false);
    assert.deepEqual(
      target.requests.map(({ connection }) => connection),
      [1, 1, 2],
    );
  });

  it('is replaced only once', async () => {
    const target = await receiver([
      { kind: 'status', status: 200 },
      { kind: 'reset', when: 'before_answer' },
    ]);
    const sending = sender();
    await sending.send(request(target.url));
    assertFailure(await sending.send(request(target.url)), 'connection_reset');
    assert.equal(target.requests.length, 3);
  });

  it('is not replaced once a byte of the answer came', async () => {
    const target = await receiver([
      { kind: 'status', status: 200 },
      { kind: 'reset', when: 'in_headers' },
    ]);
    const sending = sender();
    await sending.send(request(target.url));
    assertFailure(await sending.send(request(target.url)), 'connection_reset');
    assert.equal(target.requests.length, 2);
  });
});
