import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/worker.ts';
import type { AnnouncedEvent } from '../core/announcement.ts';
import { NO_HEALTH } from '../core/health.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { announce } from '../flows/announce.ts';
import { changeSubscription } from '../flows/change-subscription.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { deleteSubscription } from '../flows/delete-subscription.ts';
import { switchOff } from '../flows/switch-subscription.ts';
import type { Health } from '../ports.ts';
import { createHealthBook, type HealthBook } from './health-book.ts';
import { createHerald, type Herald } from './herald.ts';

const away = () => Promise.reject(new Error('the store is away'));

interface Hall {
  ports: FakePorts;
  book: HealthBook;
  herald: Herald;
  /** What was to be made an event, in order. */
  news: AnnouncedEvent[];
  /** What happens in the midst of the next announcements, one each. */
  interrupts: (() => Promise<unknown>)[];
  standing(id: Id): LiveSubscription;
  /** A subscription made a moment ago. */
  subscribe(): Promise<Id>;
  /** Stores a streak as a worker before this one did. */
  fails(id: Id, health: Partial<Health>): Promise<void>;
  enable(id: Id, enabled: boolean): Promise<void>;
}

function open(ports = fakePorts(), book = createHealthBook(ports)): Hall {
  const news: AnnouncedEvent[] = [];
  const interrupts: Hall['interrupts'] = [];
  const herald = createHerald(
    {
      ...ports,
      isOurs: () => true,
      announce: async (subscription, event) => {
        news.push(event);
        await interrupts.shift()?.();
        return announce(ports, subscription, event);
      },
    },
    book,
  );
  return {
    ports,
    book,
    herald,
    news,
    interrupts,
    standing: (id) =>
      ports.configuration.peek(DEFAULT_TENANT)?.subscriptions.get(id) ?? assert.fail('the subscription is there'),
    async subscribe() {
      const { id } = await subscribe(ports);
      ports.clock.advance(1);
      return id;
    },
    async fails(id, changes) {
      const health = { ...NO_HEALTH, firstFailureAtMs: 5, lastFailureAtMs: 9, ...changes };
      await ports.store.settle({ settlements: [], health: new Map([[id, health]]) });
      await ports.configuration.refresh(DEFAULT_TENANT);
    },
    async enable(id, enabled) {
      const switched = enabled ? ({ cleared: true } as const) : { enabled };
      ports.clock.advance(1);
      await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, ...switched, ifVersion: null });
    },
  };
}

async function published({ ports }: Hall): Promise<string[]> {
  const events = await ports.store.events({ tenant: DEFAULT_TENANT, limit: 100 });
  return events.map(({ type }) => type).reverse();
}

describe('a herald', () => {
  test('tells a mark once, however often it looks', async () => {
    const hall = open();
    const id = await hall.subscribe();
    await hall.fails(id, { consecutiveFailures: 26 });
    for (let looks = 0; looks < 3; looks++) hall.herald.look(hall.standing(id));
    await quiet();
    hall.herald.look(hall.standing(id));
    await quiet();
    assert.equal(hall.news.length, 1);
    assert.deepEqual(await published(hall), ['subscription.warning']);
    assert.equal(hall.book.healthOf(hall.standing(id)).toldPercent, 50);
  });

  test('tells nothing of a healthy one, and forgets a streak that is over without a word', async () => {
    const hall = open();
    const [healthy, recovered] = [await hall.subscribe(), await hall.subscribe()];
    await hall.fails(recovered, { toldPercent: 70 });
    hall.herald.lookAll([hall.standing(healthy), hall.standing(recovered)]);
    await quiet();
    assert.deepEqual(hall.news, []);
    assert.equal(hall.book.takeChanged().get(recovered)?.toldPercent, 0);
  });

  test('tells that a subscription went off and came on again, and nothing of what is past', async () => {
    const hall = open();
    const id = await hall.subscribe();
    await switchOff(hall.ports, hall.standing(id), 'gone');
    hall.herald.lookAll([hall.standing(id)]);
    await quiet();
    await hall.enable(id, true);
    hall.herald.look(hall.standing(id));
    await quiet();
    await hall.enable(id, false);
    await hall.enable(id, true);
    hall.herald.look(hall.standing(id));
    await quiet();
    assert.deepEqual(await published(hall), ['subscription.disabled', 'subscription.enabled']);
  });

  test('goes by what stands now, not by what its caller saw', async () => {
    const hall = open();
    const id = await hall.subscribe();
    const before = hall.standing(id);
    await hall.enable(id, false);
    hall.herald.look(before);
    await quiet();
    assert.deepEqual(await published(hall), ['subscription.disabled']);
    await deleteSubscription(hall.ports, { tenant: DEFAULT_TENANT, id });
    hall.herald.look(before);
    await quiet();
    assert.equal(hall.news.length, 1);
  });

  test('tells what changed while it was telling', async () => {
    const hall = open();
    const id = await hall.subscribe();
    await hall.enable(id, false);
    hall.interrupts.push(() => hall.enable(id, true));
    hall.herald.look(hall.standing(id));
    await quiet();
    assert.deepEqual(
      hall.news.map(({ type }) => type),
      ['subscription.disabled', 'subscription.enabled'],
    );
    assert.equal(hall.book.healthOf(hall.standing(id)).toldPercent, 0);
  });

  test('tells again after a crash before the note, and it is one event', async () => {
    const hall = open();
    const id = await hall.subscribe();
    await hall.enable(id, false);
    hall.herald.look(hall.standing(id));
    await quiet();
    const after = open(hall.ports);
    after.herald.lookAll([after.standing(id)]);
    await quiet();
    assert.equal(after.news.length, 1);
    assert.deepEqual(await published(hall), ['subscription.disabled']);
    assert.equal(after.book.healthOf(after.standing(id)).toldPercent, 100);
  });
});

describe('what a herald could not tell', () => {
  test('is logged, not noted, told after a pause, and holds up no other', async () => {
    const hall = open();
    const ids = [await hall.subscribe(), await hall.subscribe()];
    for (const id of ids) await hall.fails(id, { consecutiveFailures: 26 });
    const told = () => ids.map((id) => hall.book.healthOf(hall.standing(id)).toldPercent);
    hall.interrupts.push(away);
    hall.herald.lookAll(ids.map(hall.standing));
    await quiet();
    assert.deepEqual(told(), [0, 50]);
    assert.ok(hall.ports.logged.includes('announcement.failed'));
    hall.herald.lookAll(ids.map(hall.standing));
    await quiet();
    assert.equal(hall.news.length, 2);
    hall.ports.clock.advance(5000);
    await quiet();
    assert.deepEqual(told(), [50, 50]);
    assert.equal((await published(hall)).length, 2);
  });

  test('stays untold once the herald has stopped', async () => {
    const hall = open();
    const [one, other] = [await hall.subscribe(), await hall.subscribe()];
    for (const id of [one, other]) await hall.fails(id, { consecutiveFailures: 26 });
    hall.interrupts.push(away);
    hall.herald.look(hall.standing(one));
    await quiet();
    await hall.herald.stop();
    hall.herald.look(hall.standing(other));
    hall.ports.clock.advance(5000);
    await quiet();
    assert.equal(hall.news.length, 1);
  });
});
