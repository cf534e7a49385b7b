/** Receipts per second through the door, by scheme, against a floor that checks a signature and keeps what it gets. */
import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { doorBody, doorRequest, makeSource, pathOf } from './door.ts';
import { median, medianOf, millis, type Print, percentile, ratio, span, table, whole } from './figures.ts';
import type { Answers } from './load.ts';
import { answerRemarks } from './remarks.ts';
import { type HookyardSubject, type SubjectOptions, startFloor, startHookyard } from './subject.ts';
import type { Window } from './throughput.ts';
import { cpuOf } from './usage.ts';
import { type StoreName, withDirectory, withStore, type Yard } from './yard.ts';

export interface ReceiptOptions extends Window {
  rounds: number;
  store: StoreName;
}

/** One door, and a request that it takes any number of times. */
interface Door {
  name: string;
  port: number;
  pid: number;
  request: string;
}

interface Taken {
  perSecond: number;
  /** Microseconds of processor time for each; null where the machine does not tell. */
  cpuUs: number | null;
  answerUs: readonly number[];
  answers: Answers;
}

const SECRET = 'the secret of the benchmark, 32 b';
const FLOOR = 'floor';

/** How each scheme proves the body. Timestamps stand for five minutes, longer than a round. */
const SCHEMES: Readonly<Record<string, (nowSeconds: number) => Record<string, string>>> = {
  url: () => ({}),
  token: () => ({ authorization: SECRET }),
  'hmac-sha1': () => ({ 'x-hub-signature': `sha1=${mac('sha1', doorBody)}` }),
  'hmac-sha256': () => ({ 'x-hub-signature-256': `sha256=${mac('sha256', doorBody)}` }),
  slack: (now) => ({
    'x-slack-request-timestamp': `${now}`,
    'x-slack-signature': `v0=${mac('sha256', `v0:${now}:${doorBody}`)}`,
  }),
  stripe: (now) => ({ 'stripe-signature': `t=${now},v1=${mac('sha256', `${now}.${doorBody}`)}` }),
};

function mac(hash: string, text: string): string {
  return createHmac(hash, SECRET).update(text).digest('hex');
}

/** Measures and prints; returns how many receipts that were answered 200 are not there. */
export async function runReceipts(yard: Yard, options: ReceiptOptions, print: Print): Promise<number> {
  const { rounds, connections, windowMs, store } = options;
  print(`receipts  proved and stored durably on ${store}, per second; ${rounds} rounds of ${windowMs / 1000} s each, `);
  print(`${connections} connections, ${doorBody.length} bytes\n`);
  // Each has a PostgreSQL of its own, as each has a directory of its own.
  return withGround(store, (ofFloor) =>
    withGround(store, async (ofHookyard) => {
      const at = { receiverPort: yard.receiverPort, connections };
      const floor = await startFloor(FLOOR, { ...at, ...ofFloor, verify: SECRET });
      const hookyard = await startHookyard({ ...at, ...ofHookyard });
      try {
        return await runRound(yard, { floor, hookyard }, options, print);
      } finally {
        await Promise.all([floor.stop(), hookyard.stop()]);
      }
    }),
  );
}

type Ground = Pick<SubjectOptions, 'dataDirectory' | 'postgres'>;

function withGround<Result>(store: StoreName, work: (ground: Ground) => Promise<Result>): Promise<Result> {
  return withStore(store, (postgres) => withDirectory((dataDirectory) => work({ dataDirectory, postgres })));
}

type Subjects = { floor: Awaited<ReturnType<typeof startFloor>>; hookyard: HookyardSubject };

async function runRound(yard: Yard, { floor, hookyard }: Subjects, options: ReceiptOptions, print: Print) {
  const taken = new Map<string, Taken[]>();
  for (let round = 1; round <= options.rounds; round++) {
    const proof = SCHEMES['hmac-sha256']?.(0) ?? {};
    const floorDoor = { name: FLOOR, port: floor.port, pid: floor.pid, request: doorRequest('/', { headers: proof }) };
    for (const door of [floorDoor, ...(await doorsOf(hookyard))]) {
      taken.set(door.name, [...(taken.get(door.name) ?? []), await takeIn(yard, door, options)]);
    }
    print(`    ${round} of ${options.rounds}\n`);
  }
  print(`\n${figures(taken)}\n`);
  for (const [name, all] of taken) {
    for (const line of new Set(all.flatMap(({ answers }) => answerRemarks(name, answers)))) print(`  ${line}\n`);
  }
  return lostOf(hookyard, taken, print);
}

async function takeIn(
  { load }: Yard,
  { port, pid, request }: Door,
  { connections, warmUpMs, windowMs }: ReceiptOptions,
): Promise<Taken> {
  await load.ask('go', {
    ports: [port],
    connections,
    requests: [{ group: '', request }],
    perSecond: null,
    total: null,
  });
  await pause(warmUpMs);
  await load.ask('watch');
  const [from, cpuFrom] = [await load.ask('accepted'), cpuOf(pid)];
  await pause(windowMs);
  const [to, cpuTo] = [await load.ask('accepted'), cpuOf(pid)];
  const answerUs = await load.ask('watched');
  const answers = await load.ask('stop');
  const count = to.count - from.count;
  const cpuUs = cpuFrom === null || cpuTo === null ? null : ((cpuTo.processMs - cpuFrom.processMs) * 1000) / count;
  return { perSecond: (count / (to.atMs - from.atMs)) * 1000, cpuUs, answerUs, answers };
}

/** A source for each scheme, and what is sent to it. */
async function doorsOf(hookyard: HookyardSubject): Promise<Door[]> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const doors: Door[] = [];
  for (const [type, proof] of Object.entries(SCHEMES)) {
    const secret = type === 'url' ? {} : { secret: SECRET };
    const path = pathOf(await makeSource(hookyard, { type: 'native', scheme: { type }, ...secret }));
    doors.push({
      name: type,
      port: hookyard.port,
      pid: hookyard.pid,
      request: doorRequest(path, { headers: proof(nowSeconds) }),
    });
  }
  return doors;
}

function figures(taken: ReadonlyMap<string, readonly Taken[]>): string {
  const floors = taken.get(FLOOR) ?? [];
  const head = ['', 'receipts/s', '÷ floor', 'min–max', 'CPU µs each', '÷ floor', 'answer p95, ms'];
  const floorCpu = medianCpu(floors);
  const rows = [...taken].map(([name, all]) => {
    const ratios = all.map(({ perSecond }, round) => perSecond / (floors[round]?.perSecond ?? Number.NaN));
    const cpu = medianCpu(all);
    return [
      name,
      whole(median(all.map(({ perSecond }) => perSecond))),
      ratio(median(ratios)),
      span(ratios, ratio),
      medianOf([cpu], whole),
      cpu === null || floorCpu === null ? '–' : ratio(cpu / floorCpu),
      millis(median(all.map(({ answerUs }) => percentile(answerUs, 0.95)))),
    ];
  });
  return table([head, ...rows]);
}

function medianCpu(all: readonly Taken[]): number | null {
  const known = all.flatMap(({ cpuUs }) => cpuUs ?? []);
  return known.length === 0 ? null : median(known);
}

/** Each receipt became an event: they are counted by the metric that counts what was stored. */
async function lostOf({ url, apiKey }: HookyardSubject, taken: ReadonlyMap<string, readonly Taken[]>, print: Print) {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } });
  const lines = (await answer.text()).matchAll(/^hookyard_receipts_total\{[^}]*\} (\d+)$/gm);
  const stored = lines.reduce((sum, [, count]) => sum + Number(count), 0);
  const told = [...taken].flatMap(([name, all]) => (name === FLOOR ? [] : all));
  const accepted = told.reduce((sum, { answers }) => sum + answers.accepted, 0);
  print(`  Ledger: ${whole(accepted)} answered 200, ${whole(stored)} stored.\n\n`);
  return Math.max(0, accepted - stored);
}
