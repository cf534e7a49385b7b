import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventInput, problemOf, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { problem } from '../core/problem.ts';
import type { Store } from '../ports.ts';
import type { PublishInput } from './publish.ts';
import { type AllAccepted, publishEach, publishTogether } from './publish-batch.ts';

const tenant = DEFAULT_TENANT;
const away = problem('store_unavailable');
const inputs = (ports: FakePorts, changes: readonly Partial<PublishInput>[]) =>
  changes.map((change) => eventInput(ports, change));

async function together(ports: FakePorts, changes: readonly Partial<PublishInput>[]): Promise<AllAccepted> {
  const outcome = await publishTogether(ports, tenant, inputs(ports, changes), null);
  assert.ok(outcome.kind === 'accepted', JSON.stringify(outcome));
  return outcome;
}

/** Ports whose store notes the types it appends, and answers only when told. */
function heldPorts() {
  const { store } = fakePorts();
  const begun: string[] = [];
  const release: (() => void)[] = [];
  const append: Store['append'] = async (request) => {
    begun.push(request.event.type);
    await new Promise<void>((resolve) => release.push(resolve));
    return store.append(request);
  };
  return { ports: fakePorts({ store: { ...store, append } }), begun, release };
}

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

describe('events of a batch that are published each for itself', () => {
  test('are begun one after the other where they share an ordering key, and at once where they do not', async () => {
    const { ports, begun, release } = heldPorts();
    const changes = [
      { type: 'a1', orderingKey: 'a' },
      { type: 'a2', orderingKey: 'a' },
      { type: 'b1', orderingKey: 'b' },
      { type: 'free' },
    ];
    const items = inputs(ports, changes).map((input, at) => ({ at, input }));
    const done = publishEach(ports, items, null, () => away);
    await turns(10);
    assert.deepEqual(begun, ['a1', 'b1', 'free']);
    for (const answer of release.splice(0)) answer();
    await turns(3);
    assert.deepEqual(begun, ['a1', 'b1', 'free', 'a2']);
    release[0]?.();
    assert.deepEqual([...(await done).keys()].sort(), [0, 1, 2, 3]);
  });

  test('are under way few at once', async () => {
    const { ports, begun, release } = heldPorts();
    const items = Array.from({ length: 200 }, (_, at) => ({ at, input: eventInput(ports) }));
    const done = publishEach(ports, items, null, () => away);
    await turns(300);
    assert.equal(begun.length, 64);
    while (begun.length < 200) {
      for (const answer of release.splice(0)) answer();
      await turns(70);
    }
    for (const answer of release) answer();
    assert.equal((await done).size, 200);
  });

  test('are not begun once the store has failed, nor is what comes after a failed one of its key', async () => {
    const { store } = fakePorts();
    const begun: string[] = [];
    const append: Store['append'] = async (request) => {
      begun.push(request.event.type);
      if (request.event.type === 'bad') throw new Error('away');
      return store.append(request);
    };
    const ports = fakePorts({ store: { ...store, append } });
    const changes = ['first', 'bad', 'next', 'last'].map((type) => ({ type, orderingKey: 'k' }));
    const items = inputs(ports, changes).map((input, at) => ({ at, input }));
    const published = await publishEach(ports, items, null, () => away);
    assert.deepEqual(begun, ['first', 'bad']);
    assert.deepEqual(
      [0, 1, 2, 3].map((at) => published.get(at)?.kind),
      ['accepted', 'problem', 'problem', 'problem'],
    );
  });
});

describe('events of a batch that are published together', () => {
  test('are stored in one step and handed over each with its deliveries', async () => {
    const ports = fakePorts();
    await subscribe(ports, { events: ['a.*'] });
    const { all } = await together(ports, [{ type: 'a.b' }, { type: 'c' }, { type: 'a.d' }]);
    assert.deepEqual(
      all.map(({ deliveries, repeats }) => [deliveries, repeats]),
      [
        [1, null],
        [0, null],
        [1, null],
      ],
    );
    assert.deepEqual(
      ports.offered.map(({ event, tickets }) => [event.id, tickets.length]),
      all.map(({ id, deliveries }) => [id, deliveries]),
    );
  });

  test('are decided anew when the configuration has moved on', async () => {
    const ports = fakePorts();
    await together(ports, [{}]);
    const elsewhere = { ...ports, configuration: fakePorts({ store: ports.store }).configuration };
    await subscribe(elsewhere);
    const { all } = await together(ports, [{}, {}]);
    assert.deepEqual(
      all.map(({ deliveries }) => deliveries),
      [1, 1],
    );
  });

  test('are refused for the moment when the configuration never stands still', async () => {
    const { store } = fakePorts();
    const ports = fakePorts({ store: { ...store, appendAll: async () => ({ kind: 'stale', configVersion: 1 }) } });
    problemOf(await publishTogether(ports, tenant, inputs(ports, [{}]), null), 'store_unavailable');
  });

  test('are refused where they would make more deliveries than one transaction may', async () => {
    const ports = fakePorts();
    for (let made = 0; made < 11; made++) await subscribe(ports);
    const most = Math.floor(10_000 / 11);
    await together(ports, Array(most).fill({}));
    const outcome = await publishTogether(ports, tenant, inputs(ports, Array(most + 1).fill({})), null);
    assert.deepEqual(
      problemOf(outcome, 'batch_refused').errors?.map(({ pointer }) => pointer),
      [`/events/${most}`],
    );
    assert.equal(ports.offered.length, most);
  });

  test('stand for those that were accepted before by their first answer, without being stored again', async () => {
    const ports = fakePorts();
    const first = await together(ports, [{ id: 'one' }, { id: 'two' }]);
    const second = await together(ports, [{ id: 'two' }, { type: 'fresh' }, { id: 'one' }]);
    const [one, two] = first.all;
    assert.deepEqual(
      [second.all[0], second.all[2]],
      [
        { ...two, repeats: 'id' },
        { ...one, repeats: 'id' },
      ],
    );
    assert.equal((await ports.store.events({ tenant, limit: 10 })).length, 3);
    assert.equal((await together(ports, [{ id: 'one' }])).all[0]?.id, one?.id);
  });

  test('stand for the first of them where an id stands twice in the batch', async () => {
    const ports = fakePorts();
    const [before] = (await together(ports, [{ id: 'before' }])).all;
    const { all } = await together(ports, [{ id: 'twin' }, { id: 'twin' }, { id: 'before' }, {}]);
    assert.deepEqual(
      [all[1], all[2]],
      [
        { ...all[0], repeats: 'id' },
        { ...before, repeats: 'id' },
      ],
    );
    assert.equal(all[0]?.repeats, null);
    assert.equal(ports.offered.length, 3);
  });
});
