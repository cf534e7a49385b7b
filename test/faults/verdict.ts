/** What a fault did: the ledger of what was accepted against what arrived and what the API says of it. */
import type { AttemptShown, DeliveryShown } from '../support/journey.ts';
import type { Arrived } from './sink.ts';

export interface Observed {
  seed: number;
  kills: number;
  accepted: ReadonlyMap<number, string>;
  arrived: ReadonlyMap<string, Arrived>;
  deliveries: readonly DeliveryShown[];
  /** Only of deliveries that came more than once or were tried more than once. */
  attempts: ReadonlyMap<string, readonly AttemptShown[]>;
  requestsCut: number;
  readyMs: readonly number[];
}

export interface Verdict {
  figures: Readonly<Record<string, number | string>>;
  /** Every line is a broken promise. */
  broken: readonly string[];
}

/** Compares the ledger with the promises. */
export function judge(observed: Observed): Verdict {
  const { accepted, arrived, deliveries, attempts } = observed;
  const arrivedEvents = new Set([...arrived.values()].map(({ eventId }) => eventId));
  const lost = [...accepted].filter(([, eventId]) => !arrivedEvents.has(eventId));
  return {
    figures: figuresOf(observed),
    broken: [
      ...lost.map(([number, eventId]) => `event ${number} (${eventId}) was accepted and never arrived`),
      ...twiceAccepted(observed),
      ...unsettled(deliveries),
      ...[...arrived].flatMap(([id, delivery]) => differing(id, delivery)),
      ...[...attempts].flatMap(([id, made]) => attemptGaps(id, made)),
    ],
  };
}

/** True when no promise was broken. */
export function isSound({ broken }: Verdict): boolean {
  return broken.length === 0;
}

/** The verdict in lines. */
export function describe({ figures, broken }: Verdict): string[] {
  const lines = Object.entries(figures).map(([name, figure]) => `${name}: ${figure}`);
  return [
    ...lines,
    ...broken.map((line) => `BROKEN: ${line}`),
    broken.length === 0 ? 'Nothing lost.' : 'Promises broken.',
  ];
}

function figuresOf({ seed, kills, accepted, arrived, deliveries, attempts, requestsCut, readyMs }: Observed) {
  const repeats = [...arrived.values()].reduce((sum, { tries }) => sum + repeatsOf(tries), 0);
  const retried = deliveries.filter((delivery) => delivery.attempts > 1).length;
  const marked = [...attempts.values()].flat().filter(({ mayRepeat }) => mayRepeat).length;
  const sorted = [...readyMs].sort((a, b) => a - b);
  return {
    seed,
    'kill -9': kills,
    'events accepted': accepted.size,
    'requests cut off and sent again': requestsCut,
    'deliveries arrived': arrived.size,
    'deliveries retried by policy': retried,
    'sent again after a kill (same id, same bytes)': repeats,
    'attempts marked mayRepeat': marked,
    'restart to ready': `median ${sorted[sorted.length >> 1] ?? 0} ms, max ${sorted.at(-1) ?? 0} ms`,
  };
}

/** How often a try came beyond its first time. */
function repeatsOf(tries: Arrived['tries']): number {
  return tries.length - new Set(tries.map(({ attempt }) => attempt)).size;
}

function twiceAccepted({ arrived }: Observed): string[] {
  const byNumber = Map.groupBy(arrived.values(), ({ number }) => number);
  return [...byNumber]
    .filter(([, group]) => group.length > 1)
    .map(([number, group]) => `event ${number} became ${group.length} deliveries`);
}

/** Deliveries that are open still, or ended otherwise than well. */
export function unsettled(deliveries: readonly DeliveryShown[]): string[] {
  return deliveries
    .filter(({ status }) => status !== 'succeeded')
    .map(({ id, status, code }) => `delivery ${id} ended as ${status} (${code})`);
}

function differing(id: string, { tries }: Arrived): string[] {
  return new Set(tries.map(({ digest }) => digest)).size > 1 ? [`delivery ${id} came with different bytes`] : [];
}

/** What the numbers of a delivery's attempts lack or have twice. */
export function attemptGaps(id: string, made: readonly AttemptShown[]): string[] {
  const numbers = made.map(({ n }) => n);
  const contiguous = numbers.every((n, at) => n === at + 1);
  return contiguous ? [] : [`delivery ${id} has the attempts ${numbers.join(', ')}`];
}
