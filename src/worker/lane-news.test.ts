import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, lastTicket, subscribe } from '../../test/support/flows.ts';
import { twoProcesses } from '../../test/support/neighbours.ts';
import type { FakePorts } from '../../test/support/ports.ts';
import type { LaneNews } from '../ports.ts';
import { createNews, type News } from './lane-news.ts';

interface Desk {
  there: FakePorts;
  news: News;
  /** Deliveries that were passed on. */
  passed: string[];
  /** Deliveries that this process has. */
  known: Set<string>;
  /** Calls it with each reading that comes back, before it is passed on. */
  meanwhile(run: () => void): void;
}

/** News of the only shard, from where its lanes end now. */
async function desk(): Promise<Desk> {
  const { here, there } = twoProcesses();
  await subscribe(there, { ordered: true });
  let interrupt = () => {};
  const neighbours = here.store.neighbours ?? assert.fail();
  const { laneNews } = neighbours;
  neighbours.laneNews = async (...asked): Promise<LaneNews> => {
    const read = await laneNews(...asked);
    interrupt();
    return read;
  };
  const passed: string[] = [];
  const known = new Set<string>();
  const news = createNews(here, {
    known: (id) => known.has(id),
    accept: ({ ticket }) => passed.push(ticket.deliveryId),
    ready: async () => {},
  });
  news.arrived(0, (await news.ends([0])).get(0) ?? assert.fail());
  const meanwhile = (run: () => void) => {
    interrupt = run;
  };
  return { there, news, passed, known, meanwhile };
}

async function put({ there }: Desk): Promise<string> {
  await emit(there, { orderingKey: 'k' });
  return lastTicket(there).deliveryId;
}

test('what others put into lanes is passed on once, in order', async () => {
  const at = await desk();
  const first = await put(at);
  assert.equal(await at.news.read([0]), false);
  const [second, third] = [await put(at), await put(at)];
  await at.news.read([0]);
  await at.news.read([0]);
  assert.deepEqual(at.passed, [first, second, third]);
});

test('what stood there when the shard came is no news', async () => {
  const at = await desk();
  await put(at);
  at.news.left(new Set([0]));
  at.news.arrived(0, (await at.news.ends([0])).get(0) ?? assert.fail());
  await at.news.read([0]);
  assert.deepEqual(at.passed, []);
});

test('what this process has, or had settled by the time it was read, is not passed on', async () => {
  const at = await desk();
  const [had, settled, fresh] = [await put(at), await put(at), await put(at)];
  at.known.add(had);
  at.meanwhile(() => at.news.settled(settled));
  await at.news.read([0]);
  assert.deepEqual(at.passed, [fresh]);
});

test('of a shard that left while it was read nothing is passed on, even if it is back', async () => {
  for (const isBack of [false, true]) {
    const at = await desk();
    const put1 = await put(at);
    at.meanwhile(() => {
      at.news.left(new Set([0]));
      if (isBack) at.news.arrived(0, 0);
    });
    await at.news.read([0]);
    assert.deepEqual(at.passed, []);
    at.meanwhile(() => {});
    await at.news.read([0]);
    assert.deepEqual(at.passed, isBack ? [put1] : []);
  }
});

test('a shard that is not asked for waits', async () => {
  const at = await desk();
  await put(at);
  assert.equal(await at.news.read([]), false);
  assert.deepEqual(at.passed, []);
});
