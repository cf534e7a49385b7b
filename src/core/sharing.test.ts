import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Id } from './ids.ts';
import { givenUp, type Share, share, stillSilent } from './sharing.ts';

const idOf = (at: number): Id => `01900000-0000-7000-8000-${`${at}`.padStart(12, '0')}`;

/** Processes with what they hold; what is given away is free at once. */
interface Cluster {
  readonly shards: number;
  readonly owners: (Id | null)[];
  moves: number;
}

function clusterOf(shards: number, owners: readonly (Id | null)[] = []): Cluster {
  return { shards, owners: Array.from({ length: shards }, (_, shard) => owners[shard] ?? null), moves: 0 };
}

function heldBy({ owners }: Cluster, own: Id): number[] {
  return owners.flatMap((owner, shard) => (owner === own ? [shard] : []));
}

function decide(cluster: Cluster, own: Id, present: readonly Id[]): Share {
  const held = heldBy(cluster, own);
  return share({ shards: cluster.shards, present, own, held, leaving: [], inFlight: (shard) => shard % 3 });
}

/** One look of one process, as the store lets it. */
function look(cluster: Cluster, own: Id, present: readonly Id[]): void {
  const { give, take, ask } = decide(cluster, own, present);
  for (const shard of give) {
    cluster.owners[shard] = null;
    cluster.moves++;
  }
  const free = ask.filter((shard) => cluster.owners[shard] === null).slice(0, take);
  for (const shard of free) cluster.owners[shard] = own;
}

const shardCounts = fc.constantFrom(1, 2, 3, 7, 16, 64, 256);
const sizes = fc.integer({ min: 1, max: 9 });

describe('sharing', () => {
  test('all shards are held after two looks of everybody, by nobody more than his share', () => {
    fc.assert(
      fc.property(shardCounts, sizes, fc.array(fc.nat(12)), (shards, size, before) => {
        const present = Array.from({ length: size }, (_, at) => idOf(at));
        // Some are held by who is not there any more: these are free.
        const cluster = clusterOf(
          shards,
          before.map((at) => (at < size ? idOf(at) : null)),
        );
        for (let looks = 0; looks < 2; looks++) for (const own of present) look(cluster, own, present);
        assert.ok(cluster.owners.every((owner) => owner !== null));
        for (const own of present) assert.ok(heldBy(cluster, own).length <= Math.ceil(shards / size));
      }),
    );
  });

  test('what is shared moves no more', () => {
    fc.assert(
      fc.property(shardCounts, sizes, (shards, size) => {
        const present = Array.from({ length: size }, (_, at) => idOf(at));
        const cluster = clusterOf(shards);
        for (const own of present) look(cluster, own, present);
        const before = [...cluster.owners];
        for (const own of present.toReversed()) look(cluster, own, present);
        assert.deepEqual(cluster.owners, before);
        assert.equal(cluster.moves, 0);
      }),
    );
  });

  test('while views differ by one look, no shard moves more than twice, and then none', () => {
    const comesOrGoes = fc.constantFrom('comes', 'goes');
    fc.assert(
      fc.property(shardCounts, fc.integer({ min: 2, max: 9 }), comesOrGoes, fc.array(fc.nat(8)), (...drawn) => {
        const [shards, size, what, late] = drawn;
        const all = Array.from({ length: size }, (_, at) => idOf(at));
        const [before, after] = what === 'comes' ? [all.slice(1), all] : [all, all.slice(1)];
        const cluster = clusterOf(shards);
        for (const own of before) look(cluster, own, before);
        cluster.owners.forEach((owner, shard) => {
          if (owner !== null && !after.includes(owner)) cluster.owners[shard] = null;
        });
        for (const own of after) look(cluster, own, late.some((at) => idOf(at) === own) ? before : after);
        for (let looks = 0; looks < 3; looks++) for (const own of after) look(cluster, own, after);
        assert.ok(cluster.moves <= 2 * shards, `${cluster.moves} moves`);
        const { moves } = cluster;
        for (const own of after) look(cluster, own, after);
        assert.equal(cluster.moves, moves);
        assert.ok(cluster.owners.every((owner) => owner !== null));
      }),
    );
  });

  test('one who comes takes from everybody no more than is needed', () => {
    const present = [idOf(0), idOf(1), idOf(2)];
    const cluster = clusterOf(256);
    for (const own of present.slice(0, 2)) look(cluster, own, present.slice(0, 2));
    for (const own of present) look(cluster, own, present);
    assert.equal(cluster.moves, 84);
    assert.deepEqual(
      present.map((own) => heldBy(cluster, own).length),
      [86, 86, 84],
    );
  });

  test('those who begin together ask for different shards first', () => {
    const present = [idOf(0), idOf(1), idOf(2), idOf(3)];
    const first = present.map((own) => decide(clusterOf(256), own, present)).map(({ ask, take }) => ask.slice(0, take));
    assert.equal(new Set(first.flat()).size, 256);
  });

  test('what has the fewest tries in flight is given first', () => {
    const tries = [3, 0, 2, 1];
    const view = { shards: 4, own: idOf(0), held: [0, 1, 2, 3], leaving: [], inFlight: (at: number) => tries[at] ?? 0 };
    assert.deepEqual(share({ ...view, present: [idOf(0), idOf(1)] }).give, [1, 3]);
  });

  test('what is being given away counts until it is gone, and is not given twice', () => {
    const view = { shards: 4, present: [idOf(0), idOf(1)], own: idOf(0), inFlight: () => 0 };
    const giving = share({ ...view, held: [0, 1], leaving: [2, 3] });
    assert.deepEqual(giving, { take: 0, ask: [], give: [], isShort: false });
    assert.equal(share({ ...view, present: [idOf(0)], held: [0, 1], leaving: [2, 3] }).take, 0);
  });

  test('one whom the others do not see yet counts himself', () => {
    const { take } = share({ shards: 4, present: [idOf(1)], own: idOf(0), held: [], leaving: [], inFlight: () => 0 });
    assert.equal(take, 2);
  });

  test('who holds as much as anybody must have is not short, though he may take more', () => {
    const view = { shards: 5, present: [idOf(0), idOf(1)], own: idOf(0), leaving: [], inFlight: () => 0 };
    assert.deepEqual([share({ ...view, held: [0] }).isShort, share({ ...view, held: [0, 1] }).isShort], [true, false]);
    assert.equal(share({ ...view, held: [0, 1] }).take, 1);
  });
});

describe('silence', () => {
  test('who is silent for long enough is given up; a word in between begins it anew', () => {
    const [a, b] = [idOf(0), idOf(1)];
    let since = stillSilent(new Map(), [a, b], 0);
    assert.deepEqual(givenUp(since, 700, 0), []);
    since = stillSilent(since, [a], 500);
    since = stillSilent(since, [a, b], 700);
    assert.deepEqual(givenUp(since, 700, 700), [a]);
  });
});
