/**
 * Senders that post to a source which holds, and to one that does not, while the process is killed between the commit
 * of a receipt and its answer, and again and again during the task that works through what was held. Each sender posts
 * again under its own key until it is answered. In the end every push is one receipt, one event, and one delivery.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, type Answer, type Api, apiOf, freshDirectory, spawnHookyard } from '../support/hookyard.ts';
import { subscribe } from '../support/journey.ts';
import type { Faults } from './faulty-process.ts';
import { type PushSink, startPushSink } from './push-sink.ts';
import { seededRoll } from './roll.ts';

export interface ReceiptFault {
  /** To each of the two sources. */
  posts: number;
  /** How often it is killed while posts come in. */
  kills: number;
  /** How often it is killed during the task. */
  taskKills: number;
  /** How long the task takes in all, in milliseconds. */
  taskMs: number;
  seed: number;
  say(line: string): void;
}

export interface ReceiptVerdict {
  broken: readonly string[];
  figures: Readonly<Record<string, number>>;
}

const MAIN = fileURLToPath(new URL('./faulty-process.ts', import.meta.url));
const SENDERS = 8;
const SETTLE_TIMEOUT_MS = 60_000;
const CALM: Faults = { killAfterReceipts: null, taskStepMs: 0, aheadMs: 0 };
const IMAGE = 'registry.example.com/acme/app';

/** A thousand pushes, killed so many times at each place, with a task of ten seconds. True when all was kept. */
export async function injectReceiptKillsAtLength(asked: {
  times: number;
  seed: number;
  say(line: string): void;
}): Promise<boolean> {
  const { times, seed, say } = asked;
  const fault = { posts: 500, kills: times, taskKills: Math.ceil(times / 4), taskMs: 10_000, seed, say };
  const { broken, figures } = await injectReceiptKills(fault);
  for (const [name, figure] of Object.entries(figures)) say(`${name}: ${figure}`);
  for (const line of broken) say(`BROKEN: ${line}`);
  say(broken.length === 0 ? 'Nothing lost, nothing done twice.' : 'Promises broken.');
  return broken.length === 0;
}

interface Lives {
  api(): Api;
  /** Ends the life that is, if it has not ended, and begins another one with these faults. */
  next(faults: Faults): Promise<void>;
  /** Resolves when the life that is has ended. */
  ended(): Promise<unknown>;
  url(): string | null;
  close(): Promise<void>;
}

/** Injects the kills and says what became of every push. */
export async function injectReceiptKills(fault: ReceiptFault): Promise<ReceiptVerdict> {
  const sink = await startPushSink();
  const lives = await startLives();
  try {
    await subscribe({ api: lives.api() }, sink.url, { events: ['image.pushed'], maxConcurrency: 16 });
    const direct = await makeSource(lives.api());
    const holding = await makeSource(lives.api());
    await lives.api()('POST', `/api/v1/sources/${holding.id}/pause`);
    const pushes = numbered(fault.posts).flatMap((n) => [
      { path: direct.path, tag: `direct-${n}` },
      { path: holding.path, tag: `held-${n}` },
    ]);
    const { answerMs, cut } = await postAll(lives, pushes, killsWhile(lives, fault, pushes.length));
    await lives.next(CALM);
    const held = (await receiptsOf(lives.api(), holding.id)).filter(({ outcome }) => outcome === 'held').length;
    const meanwhileMs = await duringTask(lives, fault, { direct, holding });
    const tags = [...pushes.map(({ tag }) => tag), ...numbered(meanwhileMs.length).map((n) => `meanwhile-${n}`)];
    const seen = await settled(lives.api(), sink, [direct.id, holding.id], tags);
    return judge(tags, seen, sink, { held, cut, answerMs, meanwhileMs });
  } finally {
    await lives.close();
    await sink.close();
  }
}

async function startLives(): Promise<Lives> {
  const dataDirectory = freshDirectory();
  const flags = ['--allow-hosts', '127.0.0.1'];
  const launch = (faults: Faults) =>
    spawnHookyard({ dataDirectory, flags, main: MAIN, env: { FAULTS: JSON.stringify(faults) } });
  let spawned = launch(CALM);
  let url: string | null = await spawned.listening;
  return {
    api: () => apiOf(url ?? '', ADMIN_KEY),
    url: () => url,
    ended: () => spawned.exited,
    async next(faults) {
      url = null;
      await spawned.kill('SIGKILL');
      spawned = launch(faults);
      url = await spawned.listening;
    },
    async close() {
      await spawned.kill('SIGKILL');
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

interface Door {
  id: string;
  path: string;
}

async function makeSource(api: Api): Promise<Door> {
  const { data } = await api<{ id: string; urls: { secret: string } }>('POST', '/api/v1/sources', {
    type: 'native',
    scheme: { type: 'url' },
  });
  return { id: data.id, path: new URL(data.urls.secret).pathname };
}

function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** One life after the other that ends between a commit and its answer. */
async function killsWhile(lives: Lives, { kills, say }: ReceiptFault, posts: number): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    await lives.next({ ...CALM, killAfterReceipts: Math.ceil(posts / (kills + 1)) });
    await lives.ended();
    say(`kill ${kill} of ${kills}, between a commit and its answer`);
  }
  await lives.next(CALM);
}

interface Push {
  path: string;
  tag: string;
}

/** Posts everything, each push until it is answered; how long the answers took, and how many never came. */
async function postAll(lives: Lives, pushes: readonly Push[], kills: Promise<void>) {
  const answerMs: number[] = [];
  let cut = 0;
  const waiting = [...pushes];
  const senders = numbered(SENDERS).map(async () => {
    for (let push = waiting.shift(); push !== undefined; push = waiting.shift()) {
      let tookMs = await post(lives, push);
      for (; tookMs === null; tookMs = await post(lives, push)) cut += 1;
      answerMs.push(tookMs);
    }
  });
  await Promise.all([...senders, kills]);
  return { answerMs, cut };
}

/** Milliseconds until the answer; null where the connection broke before it, or the store was away. */
async function post(lives: Lives, { path, tag }: Push): Promise<number | null> {
  const url = await eventually('an instance that is up', lives.url, SETTLE_TIMEOUT_MS);
  const fromMs = performance.now();
  const headers = { 'content-type': 'application/json', 'idempotency-key': tag };
  const body = JSON.stringify({ image: `${IMAGE}:${tag}` });
  const answer = await fetch(url + path, { method: 'POST', headers, body }).catch(() => null);
  if (answer === null || answer.status === 503) return null;
  await answer.text();
  if (answer.status !== 200) throw new Error(`the push ${tag} was answered ${answer.status}`);
  return performance.now() - fromMs;
}

/** Resumes the source and kills during the task, while others post; how long their answers took. */
async function duringTask(
  lives: Lives,
  { posts, taskKills, taskMs, seed, say }: ReceiptFault,
  { direct, holding }: { direct: Door; holding: Door },
): Promise<number[]> {
  const roll = seededRoll(seed);
  const slow: Faults = { ...CALM, taskStepMs: Math.ceil(taskMs / posts) };
  await lives.next(slow);
  await lives.api()('POST', `/api/v1/sources/${holding.id}/resume`);
  let over = false;
  const answerMs: number[] = [];
  const beside = (async () => {
    while (!over) {
      const push = { path: direct.path, tag: `meanwhile-${answerMs.length}` };
      const tookMs = await post(lives, push);
      if (tookMs !== null) answerMs.push(tookMs);
      await later(10);
    }
  })();
  for (let kill = 1; kill <= taskKills; kill++) {
    await later(roll(taskMs / (taskKills + 1)));
    await lives.next(slow);
    say(`kill ${kill} of ${taskKills}, during the task`);
  }
  const none = async () => (await receiptsOf(lives.api(), holding.id, '&outcome=held')).length === 0 || null;
  await eventually('nothing to be held any more', none, taskMs + SETTLE_TIMEOUT_MS);
  over = true;
  await beside;
  return answerMs;
}

interface ReceiptSeen {
  id: string;
  outcome: string;
  facts: { tag: string }[];
  effects: { id: string }[];
}

interface Seen {
  receipts: readonly ReceiptSeen[];
  events: readonly { id: string; data: { image: { tag: string } } }[];
}

function receiptsOf(api: Api, sourceId: string, more = ''): Promise<ReceiptSeen[]> {
  return allOf(api, `/api/v1/receipts?sourceId=${sourceId}&limit=200${more}`);
}

async function allOf<Item>(api: Api, path: string): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Answer<Item[]> = await api('GET', cursor === '' ? path : `${path}&cursor=${cursor}`);
    all.push(...page.data);
    cursor = page.meta.nextCursor;
  }
  return all;
}

/** Waits until the receiver was told of everything, or for as long as is reasonable; then whatever there is. */
async function settled(api: Api, sink: PushSink, sources: readonly string[], tags: readonly string[]): Promise<Seen> {
  const told = () => tags.every((tag) => sink.told.has(tag)) || null;
  await eventually('the receiver to be told of everything', told, SETTLE_TIMEOUT_MS).catch(() => null);
  const receipts = (await Promise.all(sources.map((id) => receiptsOf(api, id)))).flat();
  return { receipts, events: await allOf(api, '/api/v1/events?type=image.pushed&limit=200') };
}

function judge(
  tags: readonly string[],
  { receipts, events }: Seen,
  sink: PushSink,
  { held, cut, answerMs, meanwhileMs }: { held: number; cut: number; answerMs: number[]; meanwhileMs: number[] },
): ReceiptVerdict {
  const firsts = receipts.filter(({ outcome }) => outcome !== 'duplicate');
  const broken = [
    ...miscounted(
      'receipts',
      tags,
      firsts.map(({ facts }) => facts[0]?.tag ?? 'nothing'),
    ),
    ...miscounted(
      'events',
      tags,
      events.map(({ data }) => data.image.tag),
    ),
    ...miscounted(
      'deliveries',
      tags,
      [...sink.told].flatMap(([tag, ids]) => [...new Set(ids)].map(() => tag)),
    ),
    ...firsts.filter(({ effects }) => effects.length !== 1).map(({ id }) => `the receipt ${id} has not one effect`),
  ];
  const tries = [...sink.told.values()].reduce((sum, ids) => sum + ids.length, 0);
  const figures = {
    'pushes sent': tags.length,
    'held by the paused source': held,
    'answers that never came': cut,
    'sent again and told as duplicates': receipts.length - firsts.length,
    'deliveries tried again after a kill': tries - tags.length,
    'p95 of answers, ms': p95(answerMs),
    'p95 of answers beside the task, ms': p95(meanwhileMs),
  };
  return { broken, figures };
}

/** Every tag has to be there exactly once. */
function miscounted(what: string, tags: readonly string[], found: readonly string[]): string[] {
  const counts = Map.groupBy(found, (tag) => tag);
  const wrong = tags.filter((tag) => counts.get(tag)?.length !== 1);
  const strange = [...counts.keys()].filter((tag) => !tags.includes(tag));
  return [
    ...wrong.map((tag) => `${what}: ${counts.get(tag)?.length ?? 0} of ${tag}`),
    ...strange.map((tag) => `${what}: nobody sent ${tag}`),
  ];
}

function p95(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(0.95 * values.length)] ?? 0);
}
