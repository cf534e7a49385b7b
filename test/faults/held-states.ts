/** States of deliveries that something holds back: a circuit, a person, failures, or one before them in their order. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { publish } from '../support/journey.ts';
import type { Received } from '../support/receiver.ts';
import type { Ground } from './ground.ts';
import {
  delivered,
  FAILING,
  HANG,
  listen,
  MUCH_LATER,
  OK,
  publishSome,
  type State,
  timesOf,
  untilEach,
  untilHeld,
} from './state.ts';

interface SubscriptionShown {
  state: string;
  pausedAt: string | null;
  disabledAt: string | null;
  disabledReason: string | null;
  consecutiveFailures: number;
}

async function subscriptionOf(ground: Ground, id: string): Promise<SubscriptionShown> {
  const { data } = await ground.up().api<SubscriptionShown>('GET', `/api/v1/webhook-subscriptions/${id}`);
  return data;
}

async function change(ground: Ground, method: string, path: string, body?: unknown): Promise<void> {
  const { status, text } = await ground.up().api(method, `/api/v1/webhook-subscriptions/${path}`, body);
  assert.equal(status, 200, text);
}

const NO_RETRIES = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 1 };
/** Troubled deliveries in a row that open a circuit. */
const OPENS = 5;

const parked: State = {
  name: 'parked behind an open circuit',
  shares: true,
  short: true,
  async arrange(ground) {
    const answered = Promise.withResolvers<void>();
    const receiver = await ground.receiver(() =>
      ground.life() === 1 ? FAILING : { kind: 'status', status: 200, until: answered.promise },
    );
    const id = await listen(ground, 'state.parked', receiver.url, { retryPolicy: NO_RETRIES });
    const failed = await publishSome(ground, 'state.parked', OPENS);
    await untilEach(ground, 'failed', failed, ({ status }) => status === 'failed_permanent');
    const held = await publishSome(ground, 'state.parked', 6);
    await untilHeld(ground, 'circuit', held);
    const before = receiver.requests.length;
    return async () => {
      await receiver.waitFor((requests) => requests.length > before);
      const late = await publishSome(ground, 'state.parked', 4);
      await untilHeld(ground, 'circuit', late);
      assert.equal(receiver.requests.length - before, 1, 'nothing but the probe was sent');
      assert.equal(receiver.requests[before]?.headers['webhook-id'], held[0], 'the oldest is the probe');
      assert.equal((await subscriptionOf(ground, id)).consecutiveFailures, OPENS, 'the streak is as long as before');
      answered.resolve();
      await delivered(ground, receiver, [...held, ...late]);
      assert.deepEqual(timesOf(receiver, [...held, ...late]), Array(10).fill(1));
    };
  },
};

const paused: State = {
  name: 'held by a pause',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? HANG : OK));
    const id = await listen(ground, 'state.paused', receiver.url, { maxConcurrency: 1 });
    const early = await publishSome(ground, 'state.paused', 3);
    await receiver.waitFor((requests) => requests.length === 1);
    await change(ground, 'POST', `${id}/pause`);
    const during = await publishSome(ground, 'state.paused', 2);
    await untilHeld(ground, 'paused', [...early.slice(1), ...during]);
    const { pausedAt } = await subscriptionOf(ground, id);
    return async () => {
      const late = await publishSome(ground, 'state.paused', 1);
      const all = [...early, ...during, ...late];
      await untilHeld(ground, 'paused', all);
      const after = await subscriptionOf(ground, id);
      assert.deepEqual([after.state, after.pausedAt], ['paused', pausedAt]);
      assert.equal(receiver.requests.length, 1, 'nothing is sent during the pause');
      await change(ground, 'POST', `${id}/resume`);
      await delivered(ground, receiver, all);
      assert.deepEqual(timesOf(receiver, all), [2, 1, 1, 1, 1, 1]);
    };
  },
};

const disabled: State = {
  name: 'held because a person switched its subscription off',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? HANG : OK));
    const id = await listen(ground, 'state.disabled', receiver.url, { maxConcurrency: 1 });
    const ids = await publishSome(ground, 'state.disabled', 3);
    await receiver.waitFor((requests) => requests.length === 1);
    await change(ground, 'PATCH', id, { enabled: false });
    await untilHeld(ground, 'disabled', ids.slice(1));
    const { disabledAt } = await subscriptionOf(ground, id);
    return async () => {
      await untilHeld(ground, 'disabled', ids);
      const after = await subscriptionOf(ground, id);
      assert.deepEqual([after.state, after.disabledReason, after.disabledAt], ['disabled', 'user', disabledAt]);
      assert.equal((await publish(ground.up(), 'state.disabled')).deliveries, 0, 'new events are not for it');
      assert.equal(receiver.requests.length, 1, 'nothing is sent while it is off');
      await change(ground, 'POST', `${id}/enable`);
      await delivered(ground, receiver, ids);
      assert.deepEqual(timesOf(receiver, ids), [2, 1, 1]);
    };
  },
};

/** Failures in a row that switch a subscription off. */
const THRESHOLD = 3;

const failedOff: State = {
  name: 'held because failures switched its subscription off',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver((_, index) => (ground.life() > 1 ? OK : index < THRESHOLD ? FAILING : HANG));
    const fields = { maxConcurrency: 1, retryPolicy: NO_RETRIES, autoDisableThreshold: THRESHOLD };
    const id = await listen(ground, 'state.off', receiver.url, fields);
    await change(ground, 'POST', `${id}/pause`);
    const ids = await publishSome(ground, 'state.off', 6);
    await change(ground, 'POST', `${id}/resume`);
    const isOff = async () => (await subscriptionOf(ground, id)).state === 'disabled' || null;
    await eventually('it is switched off', isOff);
    const open = ids.slice(THRESHOLD);
    return async () => {
      await untilHeld(ground, 'disabled', open);
      const { state, disabledReason, consecutiveFailures } = await subscriptionOf(ground, id);
      assert.deepEqual([state, disabledReason, consecutiveFailures], ['disabled', 'failures', THRESHOLD]);
      assert.equal((await publish(ground.up(), 'state.off')).deliveries, 0, 'new events are not for it');
      await change(ground, 'POST', `${id}/enable`);
      await delivered(ground, receiver, open);
      assert.equal((await subscriptionOf(ground, id)).consecutiveFailures, 0);
    };
  },
};

const ordered: State = {
  name: 'ordered, behind a key that is blocked',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver((received) => {
      const { key, at } = placeOf(received);
      if (ground.life() > 1 || key === 'free') return OK;
      return key === 'hanging' ? HANG : at === 0 ? FAILING : OK;
    });
    await listen(ground, 'state.ordered', receiver.url, { ordered: true, retryPolicy: MUCH_LATER });
    const ids = { hanging: [] as string[], retrying: [] as string[], free: [] as string[] };
    const add = async (count: number) => {
      for (const [key, made] of Object.entries(ids)) {
        for (let more = 0; more < count; more++) made.push(await publishKeyed(ground, key, made.length));
      }
    };
    await add(3);
    await untilEach(ground, 'delivered', ids.free, ({ status }) => status === 'succeeded');
    await untilEach(ground, 'retrying', ids.retrying.slice(0, 1), ({ status }) => status === 'failed_retry');
    await receiver.waitFor((requests) => requests.some((request) => placeOf(request).key === 'hanging'));
    return async () => {
      await add(2);
      for (const made of Object.values(ids)) {
        await delivered(ground, receiver, made);
        assert.deepEqual(orderBroken(receiver.requests, made), []);
      }
      assert.deepEqual(timesOf(receiver, ids.hanging), [2, 1, 1, 1, 1]);
      assert.deepEqual(timesOf(receiver, ids.retrying), [2, 1, 1, 1, 1]);
      assert.deepEqual(timesOf(receiver, ids.free), [1, 1, 1, 1, 1]);
    };
  },
};

async function publishKeyed(ground: Ground, key: string, at: number): Promise<string> {
  return (await publish(ground.up(), 'state.ordered', { key, at }, { orderingKey: key })).id;
}

function placeOf({ rawBody }: Received): { key: string; at: number } {
  return JSON.parse(rawBody.toString()).data;
}

/** Every request of a key that came after one of a later event, or whose sequence does not rise with its event. */
function orderBroken(requests: readonly Received[], ids: readonly string[]): string[] {
  const broken: string[] = [];
  let latest = { at: -1, sequence: -1 };
  for (const { headers } of requests) {
    const at = ids.indexOf(String(headers['webhook-id']));
    const sequence = Number(headers['hookyard-sequence']);
    if (at < 0) continue;
    const fits = at === latest.at ? sequence === latest.sequence : at === latest.at + 1 && sequence > latest.sequence;
    if (!fits) broken.push(`event ${at} with sequence ${sequence} after ${latest.at} with ${latest.sequence}`);
    latest = { at, sequence };
  }
  return broken;
}

export const HELD: readonly State[] = [parked, paused, disabled, failedOff, ordered];
