/**
 * A payload whose sending ends the process: its receiver kills the instance as soon as it arrives. It is to be closed as
 * poison, and those that were in flight in the same crashes are to be delivered.
 */
import assert from 'node:assert/strict';
import { setTimeout as later } from 'node:timers/promises';
import { attemptsOf, publish } from '../support/journey.ts';
import type { Received, Receiver, Reply } from '../support/receiver.ts';
import { type Ground, openGround } from './ground.ts';
import {
  delivered,
  deliveryFor,
  FAILING,
  HANG,
  listen,
  OK,
  publishSome,
  requestsFor,
  untilEach,
  untilHeld,
} from './state.ts';

/** The sending of the payload ends this many processes; the next one closes it. */
export const ENDS = 3;
/** Innocents before the deadly one, and as many behind it. */
const EACH_SIDE = 4;
const TYPE = 'fault.poisoned';
/** Long enough that two on their way at once would be seen. */
const BRIEF_MS = 60;

/** How the deadly event and its innocent neighbours are sent. */
export interface PoisonCase {
  name: string;
  /** Whether it is part of `npm test`. */
  short: boolean;
  fields: Readonly<Record<string, unknown>>;
  /** Ordering key of the n-th event; undefined without order. */
  keyOf(n: number): string | undefined;
}

export const POISON_CASES: readonly PoisonCase[] = [
  { name: 'without order', short: true, fields: { maxConcurrency: 16 }, keyOf: () => undefined },
  {
    name: 'each with its own key',
    short: false,
    fields: { maxConcurrency: 16, ordered: true },
    keyOf: (n) => `key ${n}`,
  },
];

interface Deadly {
  receiver: Receiver;
  /** What was on its way in the last life when the deadly one came. */
  besides: string[];
}

/** Injects the poison; throws on the first broken promise. */
export async function injectPoison({ fields, keyOf }: PoisonCase): Promise<void> {
  const ground = await openGround();
  try {
    const { receiver, besides } = await openDeadly(ground);
    await listen(ground, TYPE, receiver.url, fields);
    const ids: string[] = [];
    for (let n = 0; n <= 2 * EACH_SIDE; n++) {
      const key = keyOf(n);
      const data = { n, deadly: n === EACH_SIDE };
      ids.push((await publish(ground.up(), TYPE, data, key === undefined ? {} : { orderingKey: key })).id);
    }
    await receiver.waitFor((requests) => requests.length === ids.length);
    await ground.kill();
    for (let end = 2; end <= ENDS; end++) await ground.restartDoomed();
    await ground.restart();
    assert.deepEqual(besides, [], 'the third time it goes alone');
    const late = await publishSome(ground, TYPE, 3);
    const [deadly = ''] = ids.splice(EACH_SIDE, 1);
    await delivered(ground, receiver, [...ids, ...late]);
    await isPoison(ground, receiver, deadly, ENDS);
    assert.equal((await ground.terminate()).code, 0);
    await ground.restart();
    await delivered(ground, receiver, await publishSome(ground, TYPE, 1));
    await isPoison(ground, receiver, deadly, ENDS);
  } finally {
    await ground.close();
  }
}

/** Troubled deliveries in a row that open a circuit. */
const OPENS = 5;
/** The lane is under suspicion as a whole from the first end on, although nothing of it was on its way. */
const PROBES = 2;

/** The deadly one is the oldest behind an open circuit, so that each start sends it as the probe. */
export async function injectPoisonedProbe(): Promise<void> {
  const ground = await openGround();
  let opening = true;
  try {
    const receiver = await ground.receiver((received) => {
      if (isDeadly(received)) void ground.kill();
      return isDeadly(received) ? HANG : opening ? FAILING : OK;
    });
    const retryPolicy = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 1 };
    const id = await listen(ground, TYPE, receiver.url, { retryPolicy });
    const failed = await publishSome(ground, TYPE, OPENS);
    await untilEach(ground, 'failed', failed, ({ status }) => status === 'failed_permanent');
    opening = false;
    const { id: deadly } = await publish(ground.up(), TYPE, { deadly: true });
    const behind = await publishSome(ground, TYPE, 3);
    await untilHeld(ground, 'circuit', [deadly, ...behind]);
    await ground.kill();
    for (let probe = 1; probe <= PROBES; probe++) await ground.restartDoomed();
    await ground.restart();
    await isPoison(ground, receiver, deadly, PROBES);
    await untilHeld(ground, 'circuit', behind);
    const path = `/api/v1/webhook-subscriptions/${id}`;
    await ground.up().api('PATCH', path, { enabled: false });
    await ground.up().api('POST', `${path}/enable`);
    await delivered(ground, receiver, behind);
  } finally {
    await ground.close();
  }
}

async function isPoison(ground: Ground, receiver: Receiver, eventId: string, times: number): Promise<void> {
  const closed = ({ closedAt }: { closedAt: string | null }) => closedAt !== null;
  const [delivery] = await untilEach(ground, 'closed', [eventId], closed);
  assert.deepEqual([delivery?.status, delivery?.code], ['failed_permanent', 'poison']);
  const attempts = await attemptsOf(ground.up(), (await deliveryFor(ground, eventId)).id);
  assert.deepEqual(
    attempts.map(({ sent, closes }) => [sent, closes]),
    [[false, 'failed_permanent']],
  );
  assert.equal(requestsFor(receiver, eventId).length, times, 'it is not sent any more');
}

/** A receiver that kills the instance with everything in flight twice, and then whenever the deadly one arrives. */
async function openDeadly(ground: Ground): Promise<Deadly> {
  const onTheirWay = new Set<string>();
  const arrivedIn = new Map<number, number>();
  const besides: string[] = [];
  const receiver = await ground.receiver((received): Reply => {
    const life = ground.life();
    const arrived = (arrivedIn.get(life) ?? 0) + 1;
    arrivedIn.set(life, arrived);
    if (life < ENDS) {
      // The first end waits until everything is published.
      if (life > 1 && arrived === 2 * EACH_SIDE + 1) void ground.kill();
      return HANG;
    }
    if (!isDeadly(received)) return { kind: 'status', status: 200, until: passing(onTheirWay, received) };
    besides.push(...onTheirWay);
    void ground.kill();
    return HANG;
  });
  return { receiver, besides };
}

/** Resolves when a request has been on its way for a moment. */
async function passing(onTheirWay: Set<string>, { headers }: Received): Promise<void> {
  const id = String(headers['webhook-id']);
  onTheirWay.add(id);
  await later(BRIEF_MS);
  onTheirWay.delete(id);
}

function isDeadly({ rawBody }: Received): boolean {
  const { data }: { data: { deadly?: boolean } } = JSON.parse(rawBody.toString());
  return data.deadly === true;
}

/** Injects each case, several times. True when no promise was broken. */
export async function injectPoisons({ times, say }: { times: number; say(line: string): void }): Promise<boolean> {
  const cases = POISON_CASES.map((poison) => ({ name: poison.name, inject: () => injectPoison(poison) }));
  const all = [...cases, { name: 'as the probe of an open circuit', inject: injectPoisonedProbe }];
  let sound = true;
  for (let round = 1; round <= times; round++) {
    for (const { name, inject } of all) {
      const broken = await inject().then(
        () => null,
        (error: unknown) => String(error),
      );
      say(broken === null ? `kept: poison ${name}` : `BROKEN: poison ${name}: ${broken}`);
      sound &&= broken === null;
    }
  }
  return sound;
}
