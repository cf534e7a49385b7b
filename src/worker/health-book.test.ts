import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import type { AttemptRecord } from '../core/attempt.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Settlement, Ticket } from '../ports.ts';
import { createHealthBook, type HealthBook } from './health-book.ts';

const DELIVERED = { delivered: true, statusCode: 200, closes: 'succeeded' } as const;
const FAILED = { delivered: false, statusCode: 500, closes: 'failed_permanent' } as const;

/** A settlement as far as a health book reads it. */
function settled(ports: FakePorts, result: Partial<AttemptRecord>, kind: Ticket['kind'] = 'first'): Settlement {
  const attempt = { atMs: ports.clock.nowMs(), sent: true, ...result } as AttemptRecord;
  return { ticket: { kind } as Ticket, attempt, next: { kind: 'close' } };
}

async function open(): Promise<{ ports: FakePorts; book: HealthBook; subscription: LiveSubscription }> {
  const ports = fakePorts();
  return { ports, book: createHealthBook(ports), subscription: await subscribe(ports) };
}

const offAt = (subscription: LiveSubscription, version: number): LiveSubscription => ({
  ...subscription,
  version,
  state: { kind: 'disabled', sinceMs: 1, reason: 'failures' },
});

describe('the health of a subscription is written', () => {
  test('with the first delivery after a quiet time, and then by the regular write', async () => {
    const { ports, book, subscription } = await open();
    const deliver = () => book.after(subscription, settled(ports, DELIVERED));
    assert.equal(deliver()?.lastStatusCode, 200);
    ports.clock.advance(1999);
    assert.equal(deliver(), null);
    assert.equal(book.takeChanged().get(subscription.id)?.lastDeliveryAtMs, ports.clock.nowMs());
    assert.equal(book.takeChanged().size, 0);
    ports.clock.advance(1999);
    assert.equal(deliver(), null);
    ports.clock.advance(1);
    assert.equal(deliver()?.lastDeliveryAtMs, ports.clock.nowMs());
    assert.equal(book.takeChanged().size, 0);
  });

  test('at once whenever a try fails or a streak ends', async () => {
    const { ports, book, subscription } = await open();
    const count = (result: Partial<AttemptRecord>) => book.after(subscription, settled(ports, result));
    count(DELIVERED);
    assert.equal(count({ ...FAILED, closes: null })?.consecutiveFailures, 0);
    assert.equal(count(FAILED)?.consecutiveFailures, 1);
    assert.equal(count(DELIVERED)?.consecutiveFailures, 0);
    assert.equal(book.takeChanged().size, 0);
  });

  test('not for tests, what was cancelled and what was only moved', async () => {
    const { ports, book, subscription } = await open();
    const { ticket } = settled(ports, FAILED);
    assert.equal(book.after(subscription, settled(ports, FAILED, 'test')), null);
    assert.equal(book.after(subscription, settled(ports, { ...FAILED, closes: 'cancelled', sent: false })), null);
    assert.equal(book.after(subscription, { ticket, attempt: null, next: { kind: 'retry', delayMs: 1 } }), null);
    assert.equal(book.healthOf(subscription), subscription.health);
    assert.equal(book.takeChanged().size, 0);
  });
});

describe('a health book', () => {
  test('goes on from what the configuration was read with', async () => {
    const { ports, book, subscription } = await open();
    const failing = { ...subscription, health: { ...subscription.health, consecutiveFailures: 7 } };
    assert.equal(book.after(failing, settled(ports, FAILED))?.consecutiveFailures, 8);
    assert.equal(book.healthOf(failing).consecutiveFailures, 8);
  });

  test('keeps what the owner was told, with the next regular write', async () => {
    const { ports, book, subscription } = await open();
    book.told(subscription, 0);
    assert.equal(book.takeChanged().size, 0);
    book.told(subscription, 70);
    assert.equal(book.takeChanged().get(subscription.id)?.toldPercent, 70);
    assert.equal(book.after(subscription, settled(ports, FAILED))?.toldPercent, 70);
  });

  test('ends the streak of one that is enabled again, and says so to the store', async () => {
    const { ports, book, subscription } = await open();
    book.after(subscription, settled(ports, FAILED));
    book.told(subscription, 100);
    book.follow(offAt(subscription, 2));
    book.takeChanged();
    assert.equal(book.healthOf(offAt(subscription, 2)).consecutiveFailures, 1);
    book.follow({ ...subscription, version: 3 });
    assert.equal(book.takeChanged().get(subscription.id)?.consecutiveFailures, 0);
    const { consecutiveFailures, firstFailureAtMs, toldPercent } = book.healthOf({ ...subscription, version: 3 });
    assert.deepEqual([consecutiveFailures, firstFailureAtMs, toldPercent], [0, null, 100]);
  });

  test('does not take a try that began before the switching off for an enabling', async () => {
    const { ports, book, subscription } = await open();
    book.after(subscription, settled(ports, FAILED));
    book.healthOf(offAt(subscription, 2));
    assert.equal(book.after(subscription, settled(ports, FAILED))?.consecutiveFailures, 2);
    assert.equal(book.healthOf(offAt(subscription, 2)).consecutiveFailures, 2);
  });

  test('forgets deleted subscriptions of a tenant, and what was to be written of them', async () => {
    const { ports, book, subscription } = await open();
    book.after(subscription, settled(ports, FAILED));
    book.told(subscription, 50);
    book.forgetOthers('01900000-0000-7000-8000-00000000f0f0', new Map());
    assert.equal(book.healthOf(subscription).consecutiveFailures, 1);
    book.forgetOthers(DEFAULT_TENANT, new Map([[subscription.id, subscription]]));
    assert.equal(book.healthOf(subscription).consecutiveFailures, 1);
    book.forgetOthers(DEFAULT_TENANT, new Map());
    assert.equal(book.takeChanged().size, 0);
    assert.equal(book.healthOf(subscription), subscription.health);
  });
});

describe('the health of a subscription whose shard others had', () => {
  test('goes on from what they counted, whatever stood here before', async () => {
    const { ports, book, subscription } = await open();
    book.after(subscription, settled(ports, FAILED));
    book.after(subscription, settled(ports, DELIVERED));
    book.after(subscription, settled(ports, DELIVERED));
    book.begin(subscription, { ...subscription.health, consecutiveFailures: 7 });
    assert.equal(book.takeChanged().size, 0);
    assert.equal(book.after(subscription, settled(ports, FAILED))?.consecutiveFailures, 8);
    book.begin(subscription, subscription.health);
    assert.equal(book.healthOf(subscription).consecutiveFailures, 0);
  });

  test('is forgotten when it leaves, and written before by its own', async () => {
    const { ports, book, subscription } = await open();
    const other = await subscribe(ports);
    for (const one of [subscription, other]) {
      book.after(one, settled(ports, DELIVERED));
      book.after(one, settled(ports, DELIVERED));
    }
    assert.deepEqual([...book.takeChanged((id) => id === other.id).keys()], [other.id]);
    book.forget((id) => id === subscription.id);
    assert.equal(book.takeChanged().size, 0);
    assert.equal(book.healthOf(subscription).lastStatusCode, null);
  });
});
