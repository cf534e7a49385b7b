/** What one process does right after another one has changed things, before it was told or has looked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, problemOf, subscribe, tryOnce } from '../../test/support/flows.ts';
import {
  secret as atSecretUrl,
  door,
  json,
  PUSH,
  receive,
  SOURCE_SECRET as SECRET,
  signature,
  typed,
} from '../../test/support/inbound.ts';
import { twoProcesses } from '../../test/support/neighbours.ts';
import { answered, type FakePorts } from '../../test/support/ports.ts';
import { sample } from '../../test/support/samples.ts';
import { announcementFor } from '../core/announcement.ts';
import { NO_HEALTH } from '../core/health.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { announce } from './announce.ts';
import { cancelDelivery } from './cancel-delivery.ts';
import { changeSource } from './change-source.ts';
import { changeSubscription } from './change-subscription.ts';
import type { LiveSource } from './configuration.ts';
import { deleteSource } from './delete-source.ts';
import { deleteSubscription } from './delete-subscription.ts';
import { pauseSubscription } from './pause-subscription.ts';
import type { InboundRequest } from './receive/door.ts';
import { createReceive } from './receive.ts';
import { redeliver } from './redeliver.ts';
import { regenerateUrl } from './regenerate-url.ts';
import { switchOff } from './switch-subscription.ts';
import { testSubscription } from './test-subscription.ts';

const tenant = DEFAULT_TENANT;
const OTHER_SECRET = 'another secret of the sender';

/** Both processes have the configuration in memory as it stands now. */
async function informed({ here, there }: { here: FakePorts; there: FakePorts }): Promise<void> {
  await Promise.all([here.configuration.refresh(tenant), there.configuration.refresh(tenant)]);
}

function signed(source: LiveSource, secret: string): InboundRequest {
  return typed(source, { headers: [signature(PUSH, secret)] });
}

function through(source: LiveSource): InboundRequest {
  return atSecretUrl(source, { body: json(sample('dockerhub-push')) });
}

describe('an event published here', () => {
  test('goes to a subscription that was made there a moment ago, and to none that was deleted there', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    const old = await subscribe(there);
    await informed(both);
    const fresh = await subscribe(there);
    await deleteSubscription(there, { tenant, id: old.id });
    const { id } = await emit(here);
    const targets = (await here.store.event(tenant, id))?.targets.slice() ?? [];
    assert.deepEqual(
      targets.map(({ subscriptionId }) => subscriptionId),
      [fresh.id],
    );
  });

  test('waits in the lane of a subscription that was paused there a moment ago', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    const { id } = await subscribe(there);
    await informed(both);
    await pauseSubscription(there, { tenant, id, paused: true });
    await emit(here);
    assert.equal(here.offered.at(-1)?.tickets[0]?.place.kind, 'lane');
  });

  test('counts once under its id, whichever process it is sent to', async () => {
    const both = twoProcesses();
    await informed(both);
    const [first, second] = await Promise.all([emit(both.here, { id: 'a-1' }), emit(both.there, { id: 'a-1' })]);
    assert.equal(first.id, second.id);
    assert.deepEqual([first.repeats, second.repeats].sort(), ['id', null].sort());
    assert.equal((await both.here.store.events({ tenant, limit: 9 })).length, 1);
  });
});

describe('a push that comes in here', () => {
  test('finds a door that was opened there a moment ago', async () => {
    const both = twoProcesses();
    await informed(both);
    const source = await door(both.there, { type: 'dockerhub' });
    assert.equal((await receive(both.here, through(source))).kind, 'stored');
  });

  test('finds no door that was closed, shut or moved there a moment ago', async () => {
    for (const end of [
      (there: FakePorts, id: Id) => deleteSource(there, { tenant, id }),
      (there: FakePorts, id: Id) => changeSource(there, { tenant, id, patch: {}, enabled: false, ifVersion: null }),
      (there: FakePorts, id: Id) => regenerateUrl(there, { tenant, id }),
    ]) {
      const both = twoProcesses();
      const source = await door(both.there, { type: 'dockerhub' });
      await informed(both);
      await end(both.there, source.id);
      assert.deepEqual(await receive(both.here, through(source)), { kind: 'no_such_door' });
      assert.equal((await both.here.store.receipts({ tenant, limit: 9 })).length, 0);
    }
  });

  for (const [secret, kind, outcome] of [
    [OTHER_SECRET, 'stored', 'ignored'],
    [SECRET, 'refused', 'rejected'],
  ] as const) {
    test(`is proved with the secret that stands since a moment ago: ${kind}`, async () => {
      const both = twoProcesses();
      const source = await door(both.there, { type: 'native', secret: SECRET });
      await informed(both);
      const patch = { secret: OTHER_SECRET };
      await changeSource(both.there, { tenant, id: source.id, patch, ifVersion: null });
      assert.equal((await receive(both.here, signed(source, secret))).kind, kind);
      const kept = await both.here.store.receipts({ tenant, limit: 9 });
      assert.deepEqual(
        kept.map(({ receipt }) => receipt.outcome),
        [outcome],
      );
    });
  }

  test('is taken in full when a limit was lifted there a moment ago', async () => {
    const both = twoProcesses();
    const limits = { maxBodyBytes: 1, rateLimit: { count: 1, seconds: 60 } };
    const source = await door(both.there, { type: 'native', secret: SECRET, ...limits });
    await informed(both);
    assert.equal((await receive(both.here, signed(source, SECRET))).kind, 'too_large');
    const lift = (patch: { maxBodyBytes?: null; rateLimit?: null }) =>
      changeSource(both.there, { tenant, id: source.id, patch, ifVersion: null });
    await lift({ maxBodyBytes: null });
    const take = createReceive(both.here);
    assert.equal((await take(signed(source, SECRET))).kind, 'stored');
    assert.equal((await take(signed(source, SECRET))).kind, 'shed');
    await lift({ rateLimit: null });
    assert.equal((await take(signed(source, SECRET))).kind, 'stored');
  });

  test('that nobody knows asks for the version once however many come, and reads nothing', async () => {
    const both = twoProcesses();
    const source = await door(both.there, { type: 'dockerhub' });
    await informed(both);
    const { store } = both.here;
    const { configVersion } = store;
    let asked = 0;
    store.configVersion = async (of) => {
      asked++;
      return configVersion(of);
    };
    store.configuration = () => assert.fail('the configuration was read');
    const unknown: InboundRequest = { ...through(source), door: { kind: 'secret', key: 'x' } };
    const got = await Promise.all(Array.from({ length: 20 }, () => receive(both.here, unknown)));
    assert.ok(got.every(({ kind }) => kind === 'no_such_door'));
    assert.ok(asked <= 2, `${asked}`);
  });
});

describe('a change made here', () => {
  test('of a version that was overtaken there is refused, and one of the version that stands is made', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    const { id } = await subscribe(there);
    await informed(both);
    await changeSubscription(there, { tenant, id, patch: { name: 'two' }, ifVersion: null });
    const change = { tenant, id, patch: { name: 'three' } };
    problemOf(await changeSubscription(here, { ...change, ifVersion: 1 }), 'precondition_failed');
    assert.equal((await changeSubscription(here, { ...change, ifVersion: 2 })).kind, 'changed');
  });

  test('deletes nothing that was changed there since the caller saw it', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    const { id } = await subscribe(there);
    const source = await door(there, { type: 'dockerhub' });
    await informed(both);
    await changeSubscription(there, { tenant, id, patch: { name: 'two' }, ifVersion: null });
    await changeSource(there, { tenant, id: source.id, patch: { name: 'two' }, ifVersion: null });
    problemOf(await deleteSubscription(here, { tenant, id, ifVersion: 1 }), 'precondition_failed');
    problemOf(await deleteSource(here, { tenant, id: source.id, ifVersion: 1 }), 'precondition_failed');
    assert.deepEqual(await deleteSource(here, { tenant, id: source.id, ifVersion: 2 }), { kind: 'deleted' });
    assert.deepEqual(await deleteSubscription(here, { tenant, id, ifVersion: 2 }), { kind: 'deleted' });
  });

  test('and one made there at once are both made', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    const { id } = await subscribe(there);
    await informed(both);
    const outcomes = await Promise.all([
      changeSubscription(here, { tenant, id, patch: { name: 'two' }, ifVersion: null }),
      pauseSubscription(there, { tenant, id, paused: true }),
    ]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['changed', 'changed'],
    );
    const stands = (await here.configuration.refresh(tenant)).subscriptions.get(id);
    assert.deepEqual([stands?.config?.name, stands?.state.kind, stands?.version], ['two', 'paused', 3]);
  });
});

test('a subscription that fails is switched off once, and not when a person changed it there meanwhile', async () => {
  const both = twoProcesses();
  const { here, there } = both;
  const seen = await subscribe(there);
  await informed(both);
  await Promise.all([switchOff(here, seen, 'failures'), switchOff(there, seen, 'failures')]);
  const stands = (await here.configuration.refresh(tenant)).subscriptions.get(seen.id);
  assert.deepEqual([stands?.state.kind, stands?.version], ['disabled', 2]);
  const other = await subscribe(there);
  await informed(both);
  await changeSubscription(there, { tenant, id: other.id, patch: { name: 'mended' }, ifVersion: null });
  await switchOff(here, other, 'failures');
  const left = (await here.configuration.refresh(tenant)).subscriptions.get(other.id);
  assert.deepEqual([left?.state.kind, left?.config?.name], ['active', 'mended']);
});

test('news that two processes tell at once are one event', async () => {
  const both = twoProcesses();
  const subscription = await subscribe(both.there);
  await informed(both);
  const off = { ...subscription, state: { kind: 'disabled', sinceMs: 1, reason: 'failures' } } as const;
  const news = announcementFor(off, NO_HEALTH)?.event;
  assert.ok(news != null);
  const told = await Promise.all([announce(both.here, off, news), announce(both.there, off, news)]);
  assert.ok(told.every(({ kind }) => kind === 'accepted'));
  assert.equal((await both.here.store.events({ tenant, limit: 9 })).length, 1);
});

describe('a test asked for here', () => {
  test('reaches a subscription that was made there a moment ago, at the URL that stands', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    await informed(both);
    const { id } = await subscribe(there);
    const request = { tenant, id, event: 'deployment.completed', by: null };
    assert.equal((await testSubscription(here, request)).kind, 'tested');
    const url = 'https://new.example.com/hook';
    await changeSubscription(there, { tenant, id, patch: { url }, ifVersion: null });
    await testSubscription(here, request);
    assert.equal(here.sent.at(-1)?.url, url);
  });

  test('is answered although another process settled it', async () => {
    const both = twoProcesses();
    const { here, there } = both;
    const { id } = await subscribe(there);
    here.sender.send = async () => {
      const [view] = await there.store.deliveries({ tenant, limit: 1 });
      await cancelDelivery(there, { tenant, id: view?.deliveryId ?? '', by: null });
      return answered(200);
    };
    const tested = await testSubscription(here, { tenant, id, event: 'deployment.completed', by: null });
    assert.ok(tested.kind === 'tested' && tested.attempt.delivered);
    assert.equal((await here.store.attempts(tenant, tested.deliveryId)).length, 1);
  });
});

test('a delivery is sent again here after its subscription was enabled there a moment ago', async () => {
  const both = twoProcesses();
  const { here, there } = both;
  const { id } = await subscribe(there);
  await emit(there);
  const ticket = there.offered.at(-1)?.tickets[0] ?? assert.fail('nothing was handed over');
  await tryOnce(there, ticket);
  const change = { tenant, id, patch: {}, ifVersion: null };
  await changeSubscription(there, { ...change, enabled: false });
  await informed(both);
  const again = { tenant, id: ticket.deliveryId, by: null };
  problemOf(await redeliver(here, again), 'subscription_disabled');
  await changeSubscription(there, { ...change, enabled: true });
  assert.equal((await redeliver(here, again)).kind, 'made');
});

test('a delivery that two processes cancel at once is cancelled once', async () => {
  const { here, there } = twoProcesses();
  await subscribe(there);
  await emit(there);
  const id = there.offered.at(-1)?.tickets[0]?.deliveryId ?? assert.fail('nothing was handed over');
  const outcomes = await Promise.all([
    cancelDelivery(here, { tenant, id, by: null }),
    cancelDelivery(there, { tenant, id, by: null }),
  ]);
  assert.deepEqual(outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome.kind)).sort(), [
    'cancelled',
    'delivery_closed',
  ]);
  assert.equal((await here.store.attempts(tenant, id)).length, 1);
});
