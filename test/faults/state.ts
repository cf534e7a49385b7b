/** A state that deliveries can be in when the process is killed, and what all of them have in common. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { attemptsOf, type DeliveryShown, publish, subscribe } from '../support/journey.ts';
import type { Received, Receiver, Reply } from '../support/receiver.ts';
import type { Ground } from './ground.ts';

/** Looks at what became of everything after the restart; throws on the first broken promise. */
export type Check = () => Promise<void>;

export interface State {
  name: string;
  /** Whether other states may be arranged in the same instance: it neither ends it nor keeps it busy. */
  shares: boolean;
  /** Whether it is part of `npm test`. */
  short: boolean;
  /** Brings deliveries into the state. One that depends on the moment ends the instance itself. */
  arrange(ground: Ground): Promise<Check>;
}

export const OK: Reply = { kind: 'status', status: 200 };
export const FAILING: Reply = { kind: 'status', status: 500 };
export const HANG: Reply = { kind: 'hang' };
/** No retry of this policy is due before the kill, however long the states take; the next start is later by most of it. */
export const RETRY_MS = 60_000;
export const MUCH_LATER = { maxRetries: 5, backoffType: 'fixed', backoffSeconds: RETRY_MS / 1000 };

/** Subscribes a receiver to one type of event; the id of the subscription. */
export function listen(
  ground: Ground,
  type: string,
  url: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return subscribe(ground.up(), url, {
    authType: 'signature',
    signatureSecret: 'the secret of the state faults',
    events: [type],
    retryPolicy: { maxRetries: 20, backoffType: 'fixed', backoffSeconds: 0.2 },
    ...fields,
  });
}

/** Publishes so many events one after the other; their ids. */
export async function publishSome(
  ground: Ground,
  type: string,
  count: number,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number++) {
    ids.push((await publish(ground.up(), type, { number }, fields)).id);
  }
  return ids;
}

/** The requests that brought an event, in the order they came. */
export function requestsFor({ requests }: Pick<Receiver, 'requests'>, eventId: string): Received[] {
  return requests.filter(({ headers }) => headers['webhook-id'] === eventId);
}

/** How often each of these events came. */
export function timesOf(receiver: Pick<Receiver, 'requests'>, eventIds: readonly string[]): number[] {
  return eventIds.map((eventId) => requestsFor(receiver, eventId).length);
}

/** The only delivery of an event. */
export async function deliveryFor(ground: Ground, eventId: string): Promise<DeliveryShown> {
  const [delivery, ...more] = await deliveriesFor(ground, eventId);
  assert.ok(delivery !== undefined, `event ${eventId} has no delivery`);
  assert.equal(more.length, 0, `event ${eventId} has several deliveries`);
  return delivery;
}

async function deliveriesFor(ground: Ground, eventId: string): Promise<readonly DeliveryShown[]> {
  const { data } = await ground.up().api<DeliveryShown[]>('GET', `/api/v1/deliveries?eventId=${eventId}`);
  return data;
}

/** Waits until the only delivery of each event is as wanted. */
export async function untilEach(
  ground: Ground,
  what: string,
  eventIds: readonly string[],
  isWanted: (delivery: DeliveryShown) => boolean,
): Promise<readonly DeliveryShown[]> {
  const found: DeliveryShown[] = [];
  for (const eventId of eventIds) {
    const asked = `${what}: the delivery of event ${eventId}`;
    const look = async (saw: (instead: unknown) => void) => {
      const delivery = await deliveryFor(ground, eventId);
      saw(standingOf(delivery));
      return isWanted(delivery) || delivery.closedAt !== null ? delivery : null;
    };
    const seen = await eventually(asked, look);
    assert.ok(isWanted(seen), `${asked} is ${standingOf(seen)} instead`);
    found.push(seen);
  }
  return found;
}

function standingOf({ status, heldReason, code }: DeliveryShown): string {
  return `${status}, held: ${heldReason}, code: ${code}`;
}

/** Waits until each event was held for this reason. */
export async function untilHeld(ground: Ground, reason: string, eventIds: readonly string[]): Promise<void> {
  await untilEach(ground, `held as ${reason}`, eventIds, ({ heldReason }) => heldReason === reason);
}

/**
 * Waits until every event came and its delivery is closed as succeeded. Then: attempts without a gap or a double, and
 * whatever came twice under one attempt number was the same bytes.
 */
export async function delivered(
  ground: Ground,
  receiver: Pick<Receiver, 'requests'>,
  eventIds: readonly string[],
): Promise<void> {
  const deliveries = await untilEach(ground, 'delivered', eventIds, ({ status }) => status === 'succeeded');
  for (const { id, eventId } of deliveries) {
    const came = requestsFor(receiver, eventId);
    assert.ok(came.length > 0, `event ${eventId} counts as delivered and never came`);
    const byAttempt = Map.groupBy(came, ({ headers }) => headers['hookyard-attempt']);
    for (const [attempt, tries] of byAttempt) {
      assert.equal(new Set(tries.map(digestOf)).size, 1, `attempt ${attempt} of ${id} came with different bytes`);
    }
    const numbers = (await attemptsOf(ground.up(), id)).map(({ n }) => n);
    const expected = numbers.map((_, at) => at + 1);
    assert.deepEqual(numbers, expected, `the attempts of ${id}`);
  }
}

function digestOf({ rawBody }: Received): string {
  return createHash('sha256').update(rawBody).digest('hex');
}
