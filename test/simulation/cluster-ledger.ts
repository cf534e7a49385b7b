/** What receivers see of a cluster, and what of it breaks a promise. Times are milliseconds of the yard's clock. */
import type { Answer } from '../../src/core/attempt.ts';
import type { Id } from '../../src/core/ids.ts';
import { answered } from '../support/ports.ts';

/** One subscription of a cluster. */
export interface ReceiverPlan {
  maxConcurrency: number;
  ordered: boolean;
  latencyMs: number;
  /** Every so many deliveries fail at their first try; 0 for none. */
  failsEvery: number;
}

export interface Receiver {
  readonly plan: ReceiverPlan;
  readonly id: Id;
  readonly open: Set<Try>;
  /** Deliveries of each ordering key, in the order in which they were acknowledged. */
  readonly keys: Map<string, string[]>;
  pausedAtMs: number;
}

export interface Try {
  readonly by: string;
  readonly value: string;
  readonly n: number;
  /** As its sender sees it: one that ends cuts it. */
  readonly line: { readonly isOpen: boolean };
  /** The process that made it died or stood still meanwhile: another one may have begun anew. */
  isOrphan: boolean;
  answer: Answer | null;
}

export interface Ledger {
  readonly nowMs: () => number;
  readonly receivers: Receiver[];
  /** Events whose publisher was told that they are stored. */
  readonly acknowledged: Set<string>;
  /** By subscription and event. */
  readonly tries: Map<string, Try[]>;
  /** When a process that stood still went on: it hears only then of what happened meanwhile. */
  readonly wokeAtMs: Map<string, number>;
  readonly complaints: string[];
  again: number;
}

/** A change is seen by every process within this. */
const HEARD_WITHIN_MS = 1500;

export function createLedger(nowMs: () => number): Ledger {
  return {
    nowMs,
    receivers: [],
    acknowledged: new Set(),
    tries: new Map(),
    wokeAtMs: new Map(),
    complaints: [],
    again: 0,
  };
}

function complain({ complaints, nowMs }: Ledger, what: string): void {
  complaints.push(`at ${(nowMs() / 1000).toFixed(3)} s ${what}`);
}

/** A try begins. */
export function begins(
  ledger: Ledger,
  receiver: Receiver,
  made: Pick<Try, 'by' | 'value' | 'n' | 'line'>,
  key: string,
): Try {
  const name = `${receiver.id} ${made.value}`;
  const earlier = ledger.tries.get(name) ?? [];
  const now: Try = { ...made, isOrphan: false, answer: null };
  const say = (what: string) => complain(ledger, `${name} try ${made.n} by ${made.by} ${what}`);
  checkAgain(earlier, now, say);
  if (receiver.plan.ordered) checkOrder(ledger, receiver, now, key, say);
  const heardFromMs = Math.max(receiver.pausedAtMs, ledger.wokeAtMs.get(made.by) ?? 0);
  if (ledger.nowMs() - heardFromMs > HEARD_WITHIN_MS) say('is sent while it is paused');
  receiver.open.add(now);
  const open = [...receiver.open].filter((one) => !one.isOrphan && isOnItsWay(one)).length;
  if (open > receiver.plan.maxConcurrency) say(`is one of ${open}, ${receiver.plan.maxConcurrency} may be`);
  if (earlier.some(({ n }) => n === made.n)) ledger.again++;
  ledger.tries.set(name, [...earlier, now]);
  return now;
}

/** Nothing is sent twice, unless the process that sent it first could not tell what came of it. */
function checkAgain(earlier: readonly Try[], { n }: Try, say: (what: string) => void): void {
  const told = earlier.filter(({ isOrphan }) => !isOrphan);
  if (told.some(isOnItsWay)) say('is sent twice at once');
  if (told.some(({ answer }) => isDelivered(answer))) say('is sent after it was delivered');
  if (told.some((other) => other.n === n)) say('is sent a second time');
  const most = Math.max(0, ...earlier.map((other) => other.n));
  if (n > most + 1) say(`follows try ${most}`);
}

function checkOrder(
  { tries, acknowledged }: Ledger,
  receiver: Receiver,
  { value }: Try,
  key: string,
  say: (what: string) => void,
): void {
  const line = receiver.keys.get(key) ?? [];
  for (const before of line.slice(0, Math.max(0, line.indexOf(value)))) {
    if (!acknowledged.has(before)) continue;
    const made = tries.get(`${receiver.id} ${before}`) ?? [];
    if (!made.some(({ answer }) => isDelivered(answer))) say(`is sent before ${before} is delivered`);
    if (made.some((one) => isOnItsWay(one) && !one.isOrphan)) say(`is sent while ${before} is on its way`);
  }
}

function isOnItsWay({ answer, line }: Try): boolean {
  return answer === null && line.isOpen;
}

function isDelivered(answer: Answer | null): boolean {
  return answer?.kind === 'response' && answer.status < 300;
}

/** What the receiver answers. */
export function answerTo({ plan }: Receiver, { value, n }: Try): Answer {
  const fails = plan.failsEvery > 0 && n === 1 && Number(value) % plan.failsEvery === 0;
  return answered(fails ? 500 : 200);
}

/** A process died, or stood still for longer than its leases last. */
export function orphan({ receivers, tries }: Ledger, by: string, isDead: boolean): void {
  for (const made of tries.values()) for (const one of made) if (one.by === by) one.isOrphan = true;
  if (!isDead) return;
  for (const { open } of receivers) for (const one of open) if (one.by === by) open.delete(one);
}

/** When all is over. */
export function checkEnd(ledger: Ledger, deliveries: number, closed: readonly (string | null)[]): void {
  // One whose publisher died before it was told may be there too.
  if (closed.length < deliveries) complain(ledger, `${closed.length} deliveries, ${deliveries} were made`);
  const wrong = Map.groupBy(closed, (closes) => closes ?? 'open');
  for (const [closes, some] of wrong) if (closes !== 'succeeded') complain(ledger, `${some.length} are ${closes}`);
}
