/** States of deliveries that wait for their turn or for a time. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import type { DeliveryShown } from '../support/journey.ts';
import { publish } from '../support/journey.ts';
import {
  delivered,
  deliveryFor,
  FAILING,
  HANG,
  listen,
  MUCH_LATER,
  OK,
  publishSome,
  requestsFor,
  type State,
  timesOf,
  untilEach,
} from './state.ts';

const queued: State = {
  name: 'waiting in the queue',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? HANG : OK));
    await listen(ground, 'state.queued', receiver.url, { maxConcurrency: 1 });
    const ids = await publishSome(ground, 'state.queued', 6);
    await receiver.waitFor((requests) => requests.length === 1);
    return async () => {
      await delivered(ground, receiver, ids);
      assert.deepEqual(timesOf(receiver, ids), [2, 1, 1, 1, 1, 1], 'only what was on its way came twice');
    };
  },
};

const retrying: State = {
  name: 'waiting for a retry',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? FAILING : OK));
    await listen(ground, 'state.retrying', receiver.url, { retryPolicy: MUCH_LATER });
    const ids = await publishSome(ground, 'state.retrying', 3);
    const before = await untilEach(ground, 'a retry', ids, ({ status }) => status === 'failed_retry');
    return async () => {
      const after = await Promise.all(ids.map((id) => deliveryFor(ground, id)));
      const open = after.map(({ nextRetryAt }, at) => nextRetryAt ?? before[at]?.nextRetryAt);
      const due = before.map(({ nextRetryAt }) => nextRetryAt);
      assert.deepEqual(open, due, 'the retries are due when they were due before');
      await delivered(ground, receiver, ids);
      const numbers = ids.map((id) => requestsFor(receiver, id).map(({ headers }) => headers['hookyard-attempt']));
      assert.deepEqual(
        numbers,
        [
          ['1', '2'],
          ['1', '2'],
          ['1', '2'],
        ],
        'a try that was settled is not sent again',
      );
    };
  },
};

const limited: State = {
  name: 'waiting for the rate limit',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(OK);
    await listen(ground, 'state.limited', receiver.url, { rateLimit: { count: 2, seconds: 1 } });
    const ids = await publishSome(ground, 'state.limited', 6);
    await receiver.waitFor((requests) => requests.length >= 2);
    return () => delivered(ground, receiver, ids);
  },
};

const redelivered: State = {
  name: 'a redelivery on its way',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver((_, index) => (index === 1 ? HANG : OK));
    await listen(ground, 'state.redelivered', receiver.url);
    const { id: eventId } = await publish(ground.up(), 'state.redelivered');
    const [first] = await untilEach(ground, 'delivered', [eventId], ({ status }) => status === 'succeeded');
    const path = `/api/v1/deliveries/${first?.id}/redeliver`;
    const { status, data } = await ground.up().api<{ deliveryId: string }>('POST', path);
    assert.equal(status, 202);
    await receiver.waitFor((requests) => requests.length === 2);
    return async () => {
      const again = await eventually('the redelivery', async () => {
        const got = await ground.up().api<DeliveryShown>('GET', `/api/v1/deliveries/${data.deliveryId}`);
        return got.data.status === 'succeeded' ? got.data : null;
      });
      assert.equal(again.redeliverOf, first?.id);
      const came = receiver.requests.map(({ headers }) => headers['hookyard-delivery']);
      assert.deepEqual(came, [first?.id, data.deliveryId, data.deliveryId]);
    };
  },
};

/** More than memory keeps for one subscription while there is room to spare. */
const MORE_THAN_FITS = 4400;
const PUBLISHERS = 8;

const full: State = {
  name: 'in the lane because its queue is full',
  shares: false,
  short: false,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? HANG : OK));
    await listen(ground, 'state.full', receiver.url, { maxConcurrency: 4 });
    const each = Array.from({ length: PUBLISHERS }, () =>
      publishSome(ground, 'state.full', MORE_THAN_FITS / PUBLISHERS),
    );
    const ids = (await Promise.all(each)).flat();
    const latest = ids.toSorted().slice(-20);
    await untilEach(ground, 'held as full', latest, ({ heldReason }) => heldReason === 'full');
    return async () => {
      await receiver.waitFor((requests) => arrivedOf(requests) >= ids.length, 120_000);
      await delivered(ground, receiver, latest);
      const twice = timesOf(receiver, ids).filter((times) => times > 1).length;
      assert.ok(twice <= 4, `${twice} came twice, and only 4 were on their way`);
    };
  },
};

function arrivedOf(requests: readonly { headers: Readonly<Record<string, unknown>> }[]): number {
  return new Set(requests.map(({ headers }) => headers['webhook-id'])).size;
}

export const WAITING: readonly State[] = [queued, retrying, limited, redelivered, full];
