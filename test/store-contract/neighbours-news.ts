/** What a process learns of what others do: what they put into lanes, what they configure, what they tell. */
import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import { isStoreAway } from '../../src/core/store-away.ts';
import type { Hint, Hold, LaneCursor, LaneNews, Store, Ticket } from '../../src/ports/store.ts';
import { eventually } from '../support/eventually.ts';
import { attends, type Process, type StreetSentence } from './neighbours-harness.ts';
import {
  aDelivery,
  anEvent,
  bytes,
  idsOf,
  newId,
  newIdOnShard,
  OTHER_TENANT,
  only,
  parking,
  published,
  publishedTo,
  reopened,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
  upTo,
} from './samples.ts';

const SHARDS = 4;

async function held(store: Store, hook: Id, key = '', reason: Hold['reason'] = 'ordered'): Promise<Ticket> {
  return publishedTo(store, hook, { hold: { reason, key } });
}

function posOf({ place }: Ticket): number {
  assert.ok(place.kind === 'lane');
  return place.pos;
}

function news({ neighbours }: Process, cursors: readonly LaneCursor[], limits = upTo(100)): Promise<LaneNews> {
  return neighbours.laneNews(cursors, limits);
}

/** What is behind a position of one shard, and the position behind that. */
async function newsOf(process: Process, shard: number, afterPos: number | null, limits = upTo(100)) {
  const { read, positions } = await news(process, [{ shard, afterPos }], limits);
  const pos = positions.get(shard);
  assert.ok(pos !== undefined);
  return { ids: idsOf(read), pos, read };
}

export function laneNews(sentence: StreetSentence): void {
  beginnings(sentence);
  reading(sentence);
  limits(sentence);
}

function beginnings(sentence: StreetSentence): void {
  sentence('N4 without a position nothing is news, and it begins where the lanes end', async ({ a, b }) => {
    const hook = await subscribed(a.store, newIdOnShard(1, SHARDS));
    await held(a.store, hook);
    const last = await held(a.store, hook, 'k');
    const { read, positions } = await news(b, [
      { shard: 1, afterPos: null },
      { shard: 2, afterPos: null },
    ]);
    assert.deepEqual([read.tickets, read.events.size, read.more], [[], 0, []]);
    assert.equal(positions.get(1), posOf(last));
    assert.deepEqual([...positions.keys()].toSorted(), [1, 2]);
    const later = await held(a.store, await subscribed(a.store, newIdOnShard(2, SHARDS)));
    assert.deepEqual((await newsOf(b, 2, positions.get(2) ?? -1)).ids, idsOf([later]));
  });

  sentence('N4 where a lane was emptied news go on behind what was there', async ({ a, b }) => {
    const hook = await subscribed(a.store, newIdOnShard(1, SHARDS));
    await settledAs(a.store, succeeding(await held(a.store, hook)));
    const { pos } = await newsOf(b, 1, null);
    assert.deepEqual((await newsOf(b, 1, 0)).ids, []);
    const later = await held(a.store, hook);
    assert.deepEqual((await newsOf(b, 1, pos)).read.tickets, [later]);
  });
}

function reading(sentence: StreetSentence): void {
  sentence('N4 what another puts into lanes is news in its order, with its events, over all lanes', async (street) => {
    const { a, b } = street;
    const [one, two] = [
      await subscribed(a.store, newIdOnShard(1, SHARDS)),
      await subscribed(a.store, newIdOnShard(1, SHARDS)),
    ];
    const { pos: from } = await newsOf(b, 1, null);
    const put = [await held(a.store, two, 'z'), await held(a.store, one), await held(a.store, two, 'a')];
    await held(a.store, await subscribed(a.store, newIdOnShard(3, SHARDS)));
    await publishedTo(a.store, one);
    const { read, pos } = await newsOf(b, 1, from);
    assert.deepEqual(read.tickets, put);
    assert.deepEqual([...read.events.keys()].toSorted(), put.map(({ eventId }) => eventId).toSorted());
    assert.equal(pos, Math.max(...put.map(posOf)));
    assert.deepEqual((await newsOf(b, 1, pos)).ids, []);
  });

  sentence('N4 what is parked again is news again, under its new position', async ({ a, b }) => {
    const first = await held(a.store, await subscribed(a.store, newIdOnShard(1, SHARDS)));
    const { pos } = await newsOf(b, 1, null);
    const again = await reopened(a.store, parking(first, { reason: 'circuit', key: '' }));
    assert.deepEqual((await newsOf(b, 1, pos)).read.tickets, [again]);
  });

  sentence('N4 nothing is missed when two put into lanes of one shard at once', async ({ a, b, start }) => {
    const owner = await start();
    const hooks = [
      await subscribed(a.store, newIdOnShard(1, SHARDS)),
      await subscribed(a.store, newIdOnShard(1, SHARDS)),
    ];
    const puts = [a, b].flatMap(({ store }) =>
      hooks.flatMap((hook) => Array.from({ length: 25 }, (_, at) => () => held(store, hook, `k${at % 3}`))),
    );
    let { pos } = await newsOf(owner, 1, null);
    let done = false;
    const putting = Promise.all(puts.map((put) => put())).finally(() => {
      done = true;
    });
    const seen: Id[] = [];
    for (let last = false; !last; ) {
      last = done;
      const found = await newsOf(owner, 1, pos, upTo(7));
      seen.push(...found.ids);
      last &&= found.ids.length === 0;
      pos = found.pos;
    }
    assert.deepEqual(seen.toSorted(), idsOf(await putting).toSorted());
  });
}

function limits(sentence: StreetSentence): void {
  sentence('N4 news come within limits, and say of which shards there is more', async ({ a, b }) => {
    const [one, two] = [
      await subscribed(a.store, newIdOnShard(1, SHARDS)),
      await subscribed(a.store, newIdOnShard(2, SHARDS)),
    ];
    const cursors = [1, 2].map((shard) => ({ shard, afterPos: 0 }));
    const made: Ticket[] = [];
    for (let at = 0; at < 4; at++) made.push(await held(a.store, one));
    // The first two go behind the others, with ids that are smaller.
    const put = made.slice(2);
    for (const ticket of made.slice(0, 2)) {
      put.push(await reopened(a.store, parking(ticket, { reason: 'ordered', key: '' })));
    }
    const other = await held(a.store, two);
    const { read, positions } = await news(b, cursors, upTo(2));
    assert.deepEqual(idsOf(read), idsOf([...put.slice(0, 2), other]));
    assert.deepEqual(read.more, [1]);
    assert.deepEqual((await newsOf(b, 1, positions.get(1) ?? -1)).ids, idsOf(put.slice(2)));
  });

  sentence('N4 events weigh in news too, and what was not read keeps its position', async ({ a, b }) => {
    const [one, two] = [
      await subscribed(a.store, newIdOnShard(1, SHARDS)),
      await subscribed(a.store, newIdOnShard(2, SHARDS)),
    ];
    const put = async (hook: Id) => {
      const event = anEvent({ data: bytes('x'.repeat(600)) });
      const hold = { reason: 'ordered', key: '' } as const;
      return only(await published(a.store, event, [aDelivery(event, hook, { hold })]));
    };
    const [first, second] = [await put(one), await put(two)];
    const cursors = [1, 2].map((shard) => ({ shard, afterPos: 0 }));
    const { read, positions } = await news(b, cursors, upTo(10, 1000));
    assert.deepEqual([idsOf(read), read.more], [idsOf([first]), [2]]);
    assert.deepEqual([positions.get(1), positions.get(2)], [posOf(first), 0]);
    assert.deepEqual((await newsOf(b, 2, 0, upTo(10, 1000))).ids, idsOf([second]));
  });
}

export function configVersions(sentence: StreetSentence): void {
  sentence(
    'A5 the versions of tenants are those that others made; a tenant without any is left out',
    async (street) => {
      const { a, b } = street;
      assert.deepEqual([...(await b.neighbours.configVersions([TENANT, OTHER_TENANT]))], []);
      await subscribed(a.store);
      await subscribed(a.store);
      const version = await a.store.configVersion(TENANT);
      assert.deepEqual([...(await b.neighbours.configVersions([OTHER_TENANT, TENANT]))], [[TENANT, version]]);
      await subscribed(b.store, newId(), OTHER_TENANT);
      const versions = await a.neighbours.configVersions([OTHER_TENANT, TENANT, newId()]);
      assert.deepEqual([...versions.keys()].toSorted(), [TENANT, OTHER_TENANT].toSorted());
      assert.deepEqual([...(await a.neighbours.configVersions([]))], []);
    },
  );
}

/** What a process hears from now on. */
async function hearing(process: Process): Promise<{ heard: Hint[]; stop: () => void }> {
  const heard: Hint[] = [];
  const stop = process.neighbours.listen((hint) => heard.push(hint));
  // Whatever hearing hangs on is there when an attendance was answered.
  await attends(process, newId());
  return { heard, stop };
}

function shardsOf(heard: readonly Hint[]): number[] {
  return [...new Set(heard.flatMap((hint) => (hint.kind === 'work' ? hint.shards : [])))].toSorted((x, y) => x - y);
}

function hears(what: string, heard: readonly Hint[], shard: number): Promise<true> {
  return eventually(what, () => (shardsOf(heard).includes(shard) ? true : null));
}

export function hints(sentence: StreetSentence): void {
  telling(sentence);
  losing(sentence);
}

function telling(sentence: StreetSentence): void {
  sentence('N5 a hint of each kind is heard by the others as it was told', async ({ a, b }) => {
    const { heard } = await hearing(b);
    const told: readonly Hint[] = [
      { kind: 'work', shards: [3, 1] },
      { kind: 'configuration', tenants: [TENANT] },
      { kind: 'closed', deliveryIds: [newId(), newId()] },
    ];
    for (const hint of told) a.neighbours.tell(hint);
    await eventually('three hints', () => (heard.length >= 3 ? true : null));
    assert.deepEqual(heard, told);
  });

  sentence('N5 nobody hears itself', async ({ a, b }) => {
    const [own, other] = [await hearing(a), await hearing(b)];
    a.neighbours.tell({ kind: 'work', shards: [1] });
    await hears('the hint of the one', other.heard, 1);
    b.neighbours.tell({ kind: 'work', shards: [2] });
    await hears('the hint of the other', own.heard, 2);
    assert.deepEqual([shardsOf(own.heard), shardsOf(other.heard)], [[2], [1]]);
  });

  sentence('N5 what is told in a burst is heard in a few hints, and all of it', async ({ a, b }) => {
    const { heard } = await hearing(b);
    const closed = Array.from({ length: 1_000 }, () => newId());
    for (const [at, id] of closed.entries()) {
      a.neighbours.tell({ kind: 'work', shards: [at % SHARDS] });
      a.neighbours.tell({ kind: 'closed', deliveryIds: [id] });
    }
    const ids = () => new Set(heard.flatMap((hint) => (hint.kind === 'closed' ? hint.deliveryIds : [])));
    await eventually('all of them', () => (ids().size === closed.length ? true : null));
    assert.deepEqual(shardsOf(heard), [0, 1, 2, 3]);
    assert.ok(heard.length < 20, `${heard.length} hints`);
  });

  sentence('N5 who listens no more hears nothing more', async ({ a, b }) => {
    const [stopped, other] = [await hearing(b), await hearing(b)];
    stopped.stop();
    a.neighbours.tell({ kind: 'work', shards: [1] });
    await hears('the hint', other.heard, 1);
    assert.deepEqual(stopped.heard, []);
  });
}

function losing(sentence: StreetSentence): void {
  sentence('N5 hints are heard again after a connection was cut, at either end', async ({ a, b }) => {
    const { heard, stop } = await hearing(b);
    a.neighbours.tell({ kind: 'work', shards: [1] });
    await hears('the first hint', heard, 1);
    stop();
    const later = await hearing(b);
    b.cut();
    await assert.rejects(attends(b, newId()), isStoreAway);
    await eventually('it to be back', () => attends(b, newId()).catch(() => null));
    a.neighbours.tell({ kind: 'work', shards: [2] });
    await hears('a hint after the listener was cut off', later.heard, 2);
    a.cut();
    await eventually('a hint after the one who tells was cut off', () => {
      a.neighbours.tell({ kind: 'work', shards: [3] });
      return shardsOf(later.heard).includes(3) ? true : null;
    });
  });

  sentence('N5 to tell never fails, also when nobody can be told', async ({ a }) => {
    await a.crash();
    a.neighbours.tell({ kind: 'work', shards: [1] });
    await assert.rejects(a.neighbours.configVersions([TENANT]), isStoreAway);
  });
}
