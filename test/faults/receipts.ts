/**
 * Senders that post to a source which holds, and to one that does not, while processes are killed between the commit of
 * a receipt and its answer, and again and again during the task that works through what was held; with PostgreSQL, it is
 * killed too. Each sender posts again under its own key until it is answered, to whichever process is up. In the end
 * every push is one receipt, one event, and one delivery.
 */
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { Api } from '../support/hookyard.ts';
import { subscribe } from '../support/journey.ts';
import type { Faults } from './faulty-process.ts';
import { type PushSink, startPushSink } from './push-sink.ts';
import { openReceiptGround, type ReceiptGround, type ReceiptStore } from './receipt-ground.ts';
import { judge, type ReceiptVerdict, receiptsOf, type Seen, seenOf } from './receipt-ledger.ts';
import { seededRoll } from './roll.ts';

export interface ReceiptFault {
  store: ReceiptStore;
  /** To each of the two sources. */
  posts: number;
  /** How often a process is killed while posts come in. */
  kills: number;
  /** How often one is killed during the task. */
  taskKills: number;
  /** How often PostgreSQL is killed, both while posts come in and during the task. */
  databaseKills: number;
  /** How long the task takes in all, in milliseconds. */
  taskMs: number;
  seed: number;
  say(line: string): void;
}

interface Asked {
  times: number;
  seed: number;
  say(line: string): void;
}

const SENDERS = 8;
const RETRY_MS = 10;
const SETTLE_TIMEOUT_MS = 60_000;
const IMAGE = 'registry.example.com/acme/app';

/** A thousand pushes, killed so many times at each place, with a task of ten seconds. True when all was kept. */
export async function injectReceiptKillsAtLength(store: ReceiptStore, { times, seed, say }: Asked): Promise<boolean> {
  const often = Math.ceil(times / 4);
  const kills = { kills: times, taskKills: often, databaseKills: store === 'postgres' ? often : 0 };
  say(`seed ${seed}`);
  const { broken, figures } = await injectReceiptKills({ store, posts: 500, ...kills, taskMs: 10_000, seed, say });
  for (const [name, figure] of Object.entries(figures)) say(`${name}: ${figure}`);
  for (const line of broken) say(`BROKEN: ${line}`);
  say(broken.length === 0 ? 'Nothing lost, nothing done twice.' : 'Promises broken.');
  return broken.length === 0;
}

/** Injects the kills and says what became of every push. */
export async function injectReceiptKills(fault: ReceiptFault): Promise<ReceiptVerdict> {
  const sink = await startPushSink();
  const calm: Faults = { killAfterReceipts: null, taskStepMs: Math.ceil(fault.taskMs / fault.posts), aheadMs: 0 };
  const ground = await openReceiptGround(fault.store, calm);
  try {
    await subscribe({ api: ground.api() }, sink.url, { events: ['image.pushed'], maxConcurrency: 16 });
    const direct = await makeSource(ground.api());
    const holding = await makeSource(ground.api());
    await ground.api()('POST', `/api/v1/sources/${holding.id}/pause`);
    const pushes = numbered(fault.posts).flatMap((n) => [
      { path: direct.path, tag: `direct-${n}` },
      { path: holding.path, tag: `held-${n}` },
    ]);
    const { answerMs, cut } = await postAll(ground, pushes, killsWhile(ground, fault, { calm, posts: pushes.length }));
    const held = (await receiptsOf(ground.api(), holding.id)).filter(({ outcome }) => outcome === 'held').length;
    const meanwhileMs = await duringTask(ground, fault, { calm, direct, holding });
    const tags = [...pushes.map(({ tag }) => tag), ...numbered(meanwhileMs.length).map((n) => `meanwhile-${n}`)];
    const seen = await settled(ground.api(), sink, [direct.id, holding.id], tags);
    return judge(tags, seen, sink, { held, cut, answerMs, meanwhileMs });
  } finally {
    await ground.close();
    await sink.close();
  }
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

/** One life after the other that ends between a commit and its answer; all are calm and up in the end. */
async function killsWhile(
  ground: ReceiptGround,
  fault: ReceiptFault,
  { calm, posts }: { calm: Faults; posts: number },
): Promise<void> {
  const { kills, databaseKills, say } = fault;
  // What others store while one is on its way to its end, and while it is begun again, must not use the posts up.
  const spare = 2 * SENDERS * kills;
  const killAfterReceipts = Math.max(1, Math.floor((posts - spare) / (kills + 1) / ground.processes));
  for (let kill = 1; kill <= kills; kill++) {
    const at = kill % ground.processes;
    await ground.next(at, { ...calm, killAfterReceipts });
    await ground.ended(at);
    say(`kill ${kill} of ${kills}, between a commit and its answer`);
    if (ground.processes > 1 || kill === kills) await ground.next(at, calm);
    await killDatabaseAfter(ground, { turn: kill, turns: kills, kills: databaseKills, say });
  }
}

/** Spreads the kills of the database over the turns; with all processes up, as none begins without it. */
async function killDatabaseAfter(
  ground: ReceiptGround,
  { turn, turns, kills, say }: { turn: number; turns: number; kills: number } & Pick<ReceiptFault, 'say'>,
): Promise<void> {
  const before = Math.floor(((turn - 1) * kills) / turns);
  const until = Math.floor((turn * kills) / turns);
  if (before === until) return;
  await ground.killDatabase?.();
  say(`kill ${until} of ${kills}, of the database`);
}

interface Push {
  path: string;
  tag: string;
}

/** Posts everything, each push until it is answered; how long the answers took, and how many never came. */
async function postAll(ground: ReceiptGround, pushes: readonly Push[], kills: Promise<void>) {
  const answerMs: number[] = [];
  let cut = 0;
  const waiting = [...pushes];
  const isWhole = () => ground.isWhole() || null;
  const senders = numbered(SENDERS).map(async () => {
    for (let push = waiting.shift(); push !== undefined; push = waiting.shift()) {
      await eventually('every process to be up', isWhole, SETTLE_TIMEOUT_MS);
      let tookMs = await post(ground, push);
      for (; tookMs === null; tookMs = await post(ground, push)) {
        cut += 1;
        await later(RETRY_MS);
      }
      answerMs.push(tookMs);
    }
  });
  await Promise.all([...senders, kills]);
  return { answerMs, cut };
}

/** Milliseconds until the answer; null where the connection broke before it, or the store was away. */
async function post(ground: ReceiptGround, { path, tag }: Push): Promise<number | null> {
  const url = await eventually('an instance that is up', ground.url, SETTLE_TIMEOUT_MS);
  const fromMs = performance.now();
  const headers = { 'content-type': 'application/json', 'idempotency-key': tag };
  const body = JSON.stringify({ image: `${IMAGE}:${tag}` });
  const answer = await fetch(url + path, { method: 'POST', headers, body }).catch(() => null);
  if (answer === null || answer.status === 503) return null;
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the push ${tag} was answered ${answer.status}: ${text}`);
  return performance.now() - fromMs;
}

/** Resumes the source and kills during the task, while others post; how long their answers took. */
async function duringTask(
  ground: ReceiptGround,
  fault: ReceiptFault,
  { calm, direct, holding }: { calm: Faults; direct: Door; holding: Door },
): Promise<number[]> {
  await ground.api()('POST', `/api/v1/sources/${holding.id}/resume`);
  let over = false;
  const answerMs: number[] = [];
  const beside = (async () => {
    while (!over) {
      const push = { path: direct.path, tag: `meanwhile-${answerMs.length}` };
      const tookMs = await post(ground, push);
      if (tookMs !== null) answerMs.push(tookMs);
      await later(RETRY_MS);
    }
  })();
  await killsDuringTask(ground, fault, calm);
  const none = async () => (await receiptsOf(ground.api(), holding.id, '&outcome=held')).length === 0 || null;
  await eventually('nothing to be held any more', none, fault.taskMs + SETTLE_TIMEOUT_MS);
  over = true;
  await beside;
  return answerMs;
}

async function killsDuringTask(ground: ReceiptGround, fault: ReceiptFault, calm: Faults): Promise<void> {
  const { taskKills, taskMs, databaseKills, seed, say } = fault;
  const roll = seededRoll(seed);
  for (let kill = 1; kill <= taskKills; kill++) {
    await later(roll(taskMs / (taskKills + 1)));
    await ground.next(kill % ground.processes, calm);
    say(`kill ${kill} of ${taskKills}, during the task`);
    await killDatabaseAfter(ground, { turn: kill, turns: taskKills, kills: databaseKills, say });
  }
}

/** Waits until the receiver was told of everything, or for as long as is reasonable; then whatever there is. */
async function settled(api: Api, sink: PushSink, sources: readonly string[], tags: readonly string[]): Promise<Seen> {
  const told = () => tags.every((tag) => sink.told.has(tag)) || null;
  await eventually('the receiver to be told of everything', told, SETTLE_TIMEOUT_MS).catch(() => null);
  return seenOf(api, sources);
}
