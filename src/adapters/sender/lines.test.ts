import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertFailure, assertResponse, receiver, request, sender, settled } from '../../../test/support/outbound.ts';
import { steppedClock } from '../../../test/support/stepped-clock.ts';

describe('connections', () => {
  it('are kept and used again', async () => {
    const target = await receiver();
    const sending = sender();
    await sending.send(request(target.url));
    const answer = await sending.send(request(target.url));
    assert.equal(answer.connection.reused, true);
    assert.deepEqual([answer.phases.connect, target.connections(), sending.sockets()], [null, 1, 1]);
  });

  it('are not used for longer than 45 s', async () => {
    const target = await receiver();
    const clock = steppedClock();
    const sending = sender({ clock });
    await sending.send(request(target.url));
    clock.advance(45_001);
    await sending.send(request(target.url));
    const answer = await sending.send(request(target.url));
    assert.equal(answer.connection.reused, false);
    assert.equal(target.connections(), 2);
  });

  it('to one origin are bounded; what is too much waits its turn', async () => {
    const target = await receiver();
    const sending = sender({ options: { maxSocketsPerOrigin: 2 } });
    const answers = await Promise.all(Array.from({ length: 9 }, () => sending.send(request(target.url))));
    for (const answer of answers) assertResponse(answer);
    assert.equal(target.connections(), 2);
  });

  it('over all origins are bounded; the longest idle one gives way', async () => {
    const targets = [await receiver(), await receiver(), await receiver()];
    const sending = sender({ options: { maxSockets: 2 } });
    for (const target of targets) assertResponse(await sending.send(request(target.url)));
    assert.equal(sending.sockets(), 2);
    const [first, , third] = targets;
    assert.ok(first && third);
    await sending.send(request(third.url));
    await sending.send(request(first.url));
    assert.deepEqual([third.connections(), first.connections()], [1, 2]);
  });

  it('of a busy origin leave room for another one', async () => {
    const [busy, other] = [await receiver(), await receiver()];
    const sending = sender({ options: { maxSockets: 1 } });
    const many = Array.from({ length: 5 }, () => sending.send(request(busy.url)));
    const one = await sending.send(request(other.url));
    assertResponse(one);
    assert.ok(busy.requests.length < 5);
    for (const answer of await Promise.all(many)) assertResponse(answer);
    assert.ok(sending.sockets() <= 1);
  });

  it('that stay taken until the deadline are our own fault', async () => {
    const target = await receiver({ kind: 'hang' });
    const clock = steppedClock();
    const sending = sender({ clock, options: { maxSockets: 1 } });
    const first = sending.send(request(target.url, { timeoutMs: 20_000 }));
    await target.waitFor((requests) => requests.length === 1);
    const second = sending.send(request(target.url));
    await settled(second, clock);
    assertFailure(await second, 'internal_error');
    await settled(first, clock);
    assertFailure(await first, 'response_timeout');
  });

  it('that the receiver closes are counted no more', async () => {
    const target = await receiver({ kind: 'status', status: 200, headers: { connection: 'close' } });
    const sending = sender();
    for (let n = 0; n < 3; n++) assertResponse(await sending.send(request(target.url)));
    assert.equal(target.connections(), 3);
    while (sending.sockets() > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
