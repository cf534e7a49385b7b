import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ClusterYard, clusterYard, type Node } from '../../test/support/cluster.ts';
import { emit, subscribe } from '../../test/support/flows.ts';
import { shardOf } from '../core/ids.ts';

/** Processes that have shared everything between them. */
async function shared(names: readonly string[], shards = 16): Promise<{ yard: ClusterYard; nodes: Node[] }> {
  const yard = clusterYard(shards);
  const nodes = names.map((name) => yard.join(name));
  for (const node of nodes) await node.start();
  await yard.pass(2000);
  return { yard, nodes };
}

function heldBy(nodes: readonly Node[]): number[] {
  return nodes.map((node) => node.holds());
}

/** What the lines of one kind count in all. */
function counted({ lines }: ClusterYard, event: string, field: string): number {
  const counts = lines.filter((line) => line.event === event).map(({ fields }) => Number(fields[field]));
  return counts.reduce((sum, count) => sum + count, 0);
}

describe('shared leases', () => {
  test('who is alone has all shards at once', async () => {
    const yard = clusterYard();
    const a = yard.join('a');
    await a.start();
    assert.equal(a.holds(), 16);
    const [line, ...more] = yard.lines;
    assert.deepEqual(line, {
      by: 'a',
      event: 'lease.taken',
      fields: { shards: 16, unclean: 0, expired: 0, held: 16 },
    });
    assert.deepEqual(more, []);
  });

  test('one who comes gets his share within two looks, and one who goes leaves his to the others', async () => {
    const { yard, nodes } = await shared(['a']);
    const b = yard.join('b');
    await b.start();
    assert.ok((await yard.until(() => b.holds() === 8, 3000)) <= 1500);
    const c = yard.join('c');
    await c.start();
    await yard.until(() => heldBy([...nodes, b, c]).join() === '6,6,4', 3000);
    const drained = b.worker.drain(1000);
    await yard.pass(100);
    await drained;
    assert.equal(b.holds(), 0);
    assert.ok((await yard.until(() => heldBy([...nodes, c]).join() === '8,8', 3000)) <= 1000);
    assert.equal(counted(yard, 'lease.lost', 'shards'), 0);
    assert.equal(counted(yard, 'lease.taken', 'unclean') + counted(yard, 'lease.taken', 'expired'), 0);
  });

  test('one that is ending counts no more, though it has something to finish', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    const [a, b, c] = nodes;
    if (a === undefined || b === undefined || c === undefined) assert.fail();
    yard.respond = () => null;
    for (let tries = 0; tries === 0; tries = yard.open().filter(({ by }) => by === 'b').length) {
      const { id } = await subscribe(b.ports, { events: [`${yard.sent.length}`] });
      if (b.worker.holds(shardOf(id, 16))) await emit(b.ports, { type: `${yard.sent.length}` });
      await yard.pass(100);
    }
    const drained = b.worker.drain(5000);
    await yard.pass(1500);
    assert.equal(a.holds() + c.holds(), 15);
    for (const sent of yard.open()) sent.answer();
    await yard.pass(1000);
    await drained;
    assert.equal(a.holds() + c.holds(), 16);
  });

  test('what is shared does not move, however long nothing happens', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    const before = heldBy(nodes);
    const lines = yard.lines.length;
    await yard.pass(60_000);
    assert.deepEqual(heldBy(nodes), before);
    assert.equal(yard.lines.length, lines);
  });

  test('what a killed process had is taken within about a second, by all that are left, as unclean', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    const had = nodes[1]?.holds();
    nodes[1]?.kill();
    const left = nodes.filter(({ name }) => name !== 'b');
    const tookMs = await yard.until(() => heldBy(left).join() === '8,8', 3000);
    assert.ok(tookMs >= 700 && tookMs <= 1500, `${tookMs} ms`);
    assert.equal(counted(yard, 'lease.taken', 'unclean'), had);
    assert.equal(counted(yard, 'lease.taken', 'expired'), 0);
  });

  test('a killed process is found out in time, however often others tell of work meanwhile', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    nodes[1]?.kill();
    const left = nodes.filter(({ name }) => name !== 'b');
    const all = Array.from({ length: 16 }, (_, shard) => shard);
    const isTaken = () => {
      for (const { worker } of left) worker.hear({ kind: 'work', shards: all });
      return heldBy(left).join() === '8,8';
    };
    const tookMs = await yard.until(isTaken, 3000);
    assert.ok(tookMs <= 1500, `${tookMs} ms`);
  });

  test('nothing is given away for a process that was killed, also when it is not known any more that it was', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    const given = counted(yard, 'lease.given', 'shards');
    nodes[1]?.kill();
    const left = nodes.filter(({ name }) => name !== 'b');
    await yard.until(() => heldBy(left).join() === '8,8', 3000);
    for (let times = 0; times < 4; times++) {
      for (const node of left) node.cut();
      await yard.pass(1700);
      assert.deepEqual(heldBy(left), [8, 8]);
    }
    assert.equal(counted(yard, 'lease.given', 'shards'), given);
  });

  test('when all lose their connections at once and come back, nothing moves', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    const before = heldBy(nodes);
    const lines = yard.lines.length;
    for (let times = 0; times < 40; times++) {
      for (const node of nodes) node.cut();
      // Also in the midst of coming back.
      await yard.pass(150 + 47 * times);
      assert.deepEqual(heldBy(nodes), before);
    }
    const moved = yard.lines.slice(lines).filter(({ event }) => event !== 'lease.failed');
    assert.deepEqual(moved, []);
  });

  test('when one loses its connection, at whatever time between two looks, the others give it time to come back', async () => {
    const { yard, nodes } = await shared(['a', 'b', 'c']);
    const lines = yard.lines.length;
    for (let times = 0; times < 60; times++) {
      nodes[times % 3]?.cut();
      await yard.pass(1230 + 7 * times);
    }
    const moved = yard.lines.slice(lines).filter(({ event }) => event !== 'lease.failed');
    assert.deepEqual(moved, []);
  });

  test('who was silent twice, and may have spoken while nobody looked, is not given up', async () => {
    for (const meanwhile of ['fails', 'stops'] as const) {
      const { yard, nodes } = await shared(['a', 'b']);
      const [a, b] = nodes;
      const neighbours = a?.ports.store.neighbours;
      if (a === undefined || b === undefined || !neighbours) assert.fail();
      const { attend } = neighbours;
      let looks: ('cut' | 'fail' | 'well')[] = ['cut', ...(meanwhile === 'fails' ? Array(2).fill('fail') : []), 'cut'];
      neighbours.attend = (...asked) => {
        const [now = 'well', ...later] = looks;
        looks = later;
        if (now === 'cut') b.cut();
        return now === 'fail' ? Promise.reject(new Error('away')) : attend(...asked);
      };
      await yard.until(() => looks.length < 2 || looks[0] === 'fail', 1000);
      if (meanwhile === 'stops') a.stop();
      await yard.pass(2000);
      a.wake();
      await yard.pass(2000);
      assert.deepEqual(heldBy(nodes), [8, 8]);
      assert.equal(counted(yard, 'lease.lost', 'shards'), 0, meanwhile);
    }
  });

  test('a process that stands still for less than its leases last keeps them', async () => {
    const { yard, nodes } = await shared(['a', 'b']);
    nodes[0]?.stop();
    await yard.pass(6000);
    nodes[0]?.wake();
    await yard.pass(3000);
    assert.deepEqual(heldBy(nodes), [8, 8]);
    assert.equal(counted(yard, 'lease.lost', 'shards'), 0);
  });

  test('one that stands still for longer loses them as expired, and gets others when it comes back', async () => {
    const { yard, nodes } = await shared(['a', 'b']);
    const [a, b] = nodes;
    a?.stop();
    const tookMs = await yard.until(() => b?.holds() === 16, 20_000);
    assert.ok(tookMs <= 13_000, `${tookMs} ms`);
    assert.equal(counted(yard, 'lease.taken', 'expired'), 8);
    a?.wake();
    await yard.pass(2000);
    assert.equal(counted(yard, 'lease.lost', 'shards'), 8);
    assert.deepEqual(heldBy(nodes), [8, 8]);
  });

  test('after an outage that outlasted all leases, who comes back first takes nothing from who comes back next', async () => {
    const { yard, nodes } = await shared(['a', 'b']);
    const b = nodes[1] ?? assert.fail();
    const ways = nodes.map(({ ports }) => {
      const neighbours = ports.store.neighbours ?? assert.fail();
      const { attend } = neighbours;
      neighbours.attend = () => Promise.reject(new Error('away'));
      return () => {
        neighbours.attend = attend;
      };
    });
    for (const node of nodes) node.cut();
    await yard.pass(15_000);
    ways[1]?.();
    let most = 0;
    const isBack = () => {
      most = Math.max(most, b.holds());
      return b.worker.doubtSinceMs() === null;
    };
    await yard.until(isBack, 1000);
    await yard.pass(200);
    ways[0]?.();
    await yard.until(() => isBack() && heldBy(nodes).join() === '8,8', 3000);
    assert.equal(most, 8);
  });

  test('a dead process loses its shards also when each look takes too long to tell who was silent all the time', async () => {
    const { yard, nodes } = await shared(['a', 'b']);
    const [a, b] = nodes;
    const { neighbours } = a?.ports.store ?? assert.fail();
    const { attend } = neighbours ?? assert.fail();
    Object.assign(neighbours ?? {}, {
      attend: async (...asked: Parameters<typeof attend>) => {
        await new Promise<void>((resolve) => yard.clock.after(1200, resolve));
        return attend(...asked);
      },
    });
    b?.kill();
    await yard.until(() => a?.holds() === 16, 20_000);
  });

  test('a clock that differs from that of the store is told of once a minute, and how far', async () => {
    const { yard, nodes } = await shared(['a']);
    const { nowMs } = nodes[0]?.ports.clock ?? assert.fail();
    const late = yard.join('late');
    late.ports.clock.nowMs = () => nowMs() - 8000;
    await late.start();
    await yard.pass(59_000);
    const skewed = yard.lines.filter(({ event }) => event === 'clock.skewed');
    assert.deepEqual(skewed, [{ by: 'late', event: 'clock.skewed', fields: { skewMs: -8000 } }]);
    assert.equal(late.worker.skewMs(), -8000);
    assert.equal(nodes[0]?.worker.skewMs(), 0);
    await yard.pass(2000);
    assert.equal(yard.lines.filter(({ event }) => event === 'clock.skewed').length, 2);
  });
});
