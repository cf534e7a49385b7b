import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, test } from 'node:test';
import { attemptsOf, deliveryOf, openJourney, publish, subscribe } from '../support/journey.ts';
import { breaks, ends, says, startHostile } from '../support/receiver-hostile.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

const EVENTS = 12;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

/** Answers the first request of each connection; what it does with the next one is told. */
const onlyOnce =
  (next: (socket: Socket) => void) =>
  (socket: Socket, n: number): void =>
    n === 0 ? says(OK)(socket) : next(socket);

const WAYS: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['resets', breaks()],
  ['closes', ends()],
];

for (const [way, next] of WAYS) {
  test(`a receiver that ${way} each connection when it is used again gets every event in one try`, async (t) => {
    const receiver = await startHostile({ answer: onlyOnce(next) });
    t.after(receiver.close);
    const type = `reused.${way}`;
    await subscribe(hookyard, `http://127.0.0.1:${receiver.port}/`, { events: [type], retryPolicy: { maxRetries: 0 } });
    for (let n = 0; n < EVENTS; n++) {
      const { id } = await publish(hookyard, type, { n });
      const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
      assert.deepEqual([delivery.status, delivery.attempts], ['succeeded', 1], delivery.error ?? '');
      assert.equal((await attemptsOf(hookyard, delivery.id)).length, 1);
    }
    // Every request but the first met a connection that was gone, and was made again on a new one.
    assert.equal(receiver.requests(), 2 * EVENTS - 1);
  });

  test(`a receiver that ${way} new connections too has failed after two requests`, async (t) => {
    let isFirst = true;
    const receiver = await startHostile({
      answer(socket) {
        if (isFirst) says(OK)(socket);
        else next(socket);
        isFirst = false;
      },
    });
    t.after(receiver.close);
    const type = `gone.${way}`;
    await subscribe(hookyard, `http://127.0.0.1:${receiver.port}/`, { events: [type], retryPolicy: { maxRetries: 0 } });
    const { id: good } = await publish(hookyard, type);
    await deliveryOf(hookyard, good, ({ status }) => status === 'succeeded');
    const { id: bad } = await publish(hookyard, type);
    const delivery = await deliveryOf(hookyard, bad, ({ closedAt }) => closedAt !== null);
    assert.deepEqual([delivery.status, delivery.code, delivery.attempts], ['failed_permanent', 'connection_reset', 1]);
    assert.equal(receiver.requests(), 3);
  });
}
