/** States that last for a moment: on its way, between the answer and the sending, within a fan-out, during the drain. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { attemptsOf, publish } from '../support/journey.ts';
import type { Receiver } from '../support/receiver.ts';
import type { Ground } from './ground.ts';
import { delivered, deliveryFor, HANG, listen, OK, publishSome, requestsFor, type State, timesOf } from './state.ts';

const onItsWay: State = {
  name: 'on its way',
  shares: true,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? HANG : OK));
    await listen(ground, 'state.sent', receiver.url);
    const ids = await publishSome(ground, 'state.sent', 4);
    await receiver.waitFor((requests) => requests.length === ids.length);
    return async () => {
      await delivered(ground, receiver, ids);
      assert.deepEqual(timesOf(receiver, ids), [2, 2, 2, 2]);
      for (const eventId of ids) {
        const attempts = await attemptsOf(ground.up(), (await deliveryFor(ground, eventId)).id);
        assert.deepEqual(
          attempts.map(({ n, mayRepeat }) => [n, mayRepeat]),
          [[1, true]],
        );
      }
    };
  },
};

const TARGETS = 40;
const PUBLISHERS = 8;

const accepted: State = {
  name: 'answered 202 and not sent yet',
  shares: false,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(OK);
    const paths = await listenMany(ground, 'state.accepted', receiver, TARGETS);
    const ids: string[] = [];
    const publishing = Array.from({ length: PUBLISHERS }, async () => {
      ids.push((await publish(ground.up(), 'state.accepted')).id);
      await ground.kill();
    });
    // What is cut off by the kill was not accepted.
    await Promise.allSettled(publishing);
    return async () => {
      assert.ok(ids.length > 0, 'nothing was accepted');
      for (const eventId of ids) await reached(receiver, eventId, paths);
    };
  },
};

/** Beyond 500 targets an event is fanned out by a task. */
const MANY = 1000;
const FEW = 600;
const MAKERS = 8;

/** @param fan `arrivedBefore` = requests to wait for before the kill */
function fanningOut(name: string, fan: { short: boolean; targets: number; arrivedBefore: number }): State {
  const { short, targets, arrivedBefore } = fan;
  return {
    name: `${name} to ${targets}`,
    shares: false,
    short,
    async arrange(ground) {
      const receiver = await ground.receiver(OK);
      const paths = await listenMany(ground, 'state.fanned', receiver, targets);
      const { id, deliveries } = await publish(ground.up(), 'state.fanned');
      assert.equal(deliveries, targets);
      if (arrivedBefore > 0) await receiver.waitFor((requests) => requests.length >= arrivedBefore);
      await ground.kill();
      const before = receiver.requests.length;
      assert.ok(before < targets, 'the fan-out was over before the kill');
      return async () => {
        await reached(receiver, id, paths);
        const byPath = Map.groupBy(requestsFor(receiver, id), ({ path }) => path);
        for (const [path, came] of byPath) {
          const ids = new Set(came.map(({ headers }) => headers['hookyard-delivery']));
          assert.equal(ids.size, 1, `${path} was sent several deliveries of one event`);
        }
      };
    },
  };
}

/** Subscribes one path of a receiver after the other; the paths. */
async function listenMany(ground: Ground, type: string, { url }: Receiver, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, at) => `/${at}`);
  const left = [...paths];
  const making = Array.from({ length: MAKERS }, async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) await listen(ground, type, url + path);
  });
  await Promise.all(making);
  return paths;
}

/** Waits until an event came to each of these paths. */
async function reached(receiver: Receiver, eventId: string, paths: readonly string[]): Promise<void> {
  const missing = () => {
    const came = new Set(requestsFor(receiver, eventId).map(({ path }) => path));
    return paths.filter((path) => !came.has(path));
  };
  await receiver.waitFor(() => missing().length === 0).catch(() => null);
  assert.deepEqual(missing(), [], `event ${eventId} never came to these`);
}

const draining: State = {
  name: 'on its way and waiting during the drain',
  shares: false,
  short: true,
  async arrange(ground) {
    const receiver = await ground.receiver(() => (ground.life() === 1 ? HANG : OK));
    await listen(ground, 'state.draining', receiver.url, { maxConcurrency: 4 });
    const ids = await publishSome(ground, 'state.draining', 10);
    await receiver.waitFor((requests) => requests.length === 4);
    const { api } = ground.up();
    void ground.terminate();
    await eventually('the end of listening', () =>
      api('GET', '/readyz').then(
        ({ status }) => status !== 200 || null,
        () => true,
      ),
    );
    await ground.kill();
    return async () => {
      await delivered(ground, receiver, ids);
      assert.deepEqual(timesOf(receiver, ids), [2, 2, 2, 2, 1, 1, 1, 1, 1, 1]);
    };
  },
};

export const MOMENTARY: readonly State[] = [
  onItsWay,
  accepted,
  fanningOut('in a fan-out that has just been accepted', { short: false, targets: MANY, arrivedBefore: 0 }),
  fanningOut('in the middle of a fan-out', { short: false, targets: MANY, arrivedBefore: 1 }),
  fanningOut('in the middle of a fan-out', { short: true, targets: FEW, arrivedBefore: 1 }),
  draining,
];
