import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertResponse, receiver, request, sender } from '../../../test/support/outbound.ts';

describe('an answer', () => {
  it('has status, lower-cased headers, body, phases and connection', async () => {
    const reply = { kind: 'status', status: 202, headers: { 'X-A': 'b' }, body: 'fine' } as const;
    const target = await receiver(reply);
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers['x-a'], 'b');
    assert.equal(Buffer.from(answer.body).toString(), 'fine');
    assert.equal(answer.truncated, false);
    assert.equal(answer.length, 4);
    assert.deepEqual(answer.connection, { remoteAddress: '127.0.0.1', reused: false, httpVersion: '1.1' });
    const { dns, connect, tls, send, firstByte, total } = answer.phases;
    assert.deepEqual([dns, tls], [null, null]);
    for (const ms of [connect, send, firstByte, total]) assert.ok(ms !== null && ms >= 0);
  });

  it('keeps repeated and hostile header names apart', async () => {
    const target = await receiver({
      kind: 'raw',
      bytes:
        'HTTP/1.1 200 OK\r\n__proto__: x\r\nset-cookie: a\r\nset-cookie: b\r\nconstructor: y\r\ncontent-length: 0\r\n\r\n',
    });
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.equal(answer.headers['set-cookie'], 'a, b');
    assert.equal(Object.getOwnPropertyDescriptor(answer.headers, '__proto__')?.value, 'x');
    assert.equal(answer.headers.constructor, 'y');
  });

  it('is not decompressed', async () => {
    const body = Buffer.from('1f8b0800000000000003', 'hex');
    const target = await receiver({ kind: 'status', status: 200, headers: { 'content-encoding': 'gzip' }, body });
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.deepEqual(Buffer.from(answer.body), body);
  });

  it('keeps 64 KiB of its body and counts the rest', async () => {
    const target = await receiver({ kind: 'status', status: 200, body: 'x'.repeat(100_000) });
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.deepEqual([answer.body.length, answer.truncated, answer.length], [65_536, true, 100_000]);
  });

  it('is counted to its end up to 1 MiB, and not beyond', async () => {
    const lengthOf = async (bodyBytes: number) => {
      const target = await receiver({ kind: 'status', status: 200, body: 'x'.repeat(bodyBytes) });
      const answer = await sender().send(request(target.url));
      assertResponse(answer);
      return answer.length;
    };
    assert.deepEqual([await lengthOf(1_048_576), await lengthOf(1_048_577)], [1_048_576, null]);
  });

  it('closes the connection when its body passes 1 MiB, its status standing', async () => {
    const target = await receiver({ kind: 'endless_body', status: 201 });
    const sending = sender();
    const answer = await sending.send(request(target.url));
    assertResponse(answer);
    assert.deepEqual([answer.status, answer.body.length, answer.truncated, answer.length], [201, 65_536, true, null]);
  });

  it('is never followed to another place', async () => {
    const target = await receiver({ kind: 'status', status: 302, headers: { location: '/elsewhere' } });
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.location, '/elsewhere');
    assert.equal(target.requests.length, 1);
  });

  it('may announce itself by 103', async () => {
    const bytes = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n';
    const target = await receiver({ kind: 'raw', bytes });
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.equal(answer.status, 204);
  });

  it('whose body breaks off stands by its status', async () => {
    const target = await receiver({ kind: 'reset', when: 'in_body' });
    const answer = await sender().send(request(target.url));
    assertResponse(answer);
    assert.deepEqual([answer.status, answer.truncated, answer.length], [200, true, null]);
    assert.equal(Buffer.from(answer.body).toString(), 'half');
  });
});
