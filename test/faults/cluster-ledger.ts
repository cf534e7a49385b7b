/** What a run of the cluster says about the promises: everything acknowledged, sent, repeated, capped and in order. */
import { duplicatesOf, explainedBy, explains, isExplained } from './cluster-repeats.ts';
import type { ClusterSeen, Receiving, Request } from './cluster-seen.ts';
import { takeoversOf } from './cluster-takeovers.ts';
import { attemptGaps, unsettled, type Verdict } from './verdict.ts';

/** The end of a connection is noticed a little after it was broken off, and its place is taken meanwhile. */
const CUT_NOTICED_MS = 1000;
/** A pause is to be seen within about a second; this late it is broken. */
const PAUSE_BOUND_MS = 5000;
/**
 * A lease that is not renewed any more ends within ten seconds, and somebody else sends; the rest is for a machine that is
 * busy. What nobody takes over is found after half a minute.
 */
const TAKEOVER_BOUND_MS = 25_000;
/** Errors whose reason is not that the database was away are faults of our own. */
const OUR_FAULTS = /^error (?!.*: STORE_UNAVAILABLE$)|unhandled/;
/** So many lines of one kind are enough to see what is broken. */
const MAX_LINES = 10;

/** Compares what was seen with the promises. */
export function judgeCluster(seen: ClusterSeen): Verdict {
  const byReceiver = Map.groupBy(seen.requests, ({ receiver }) => receiver);
  const inTurn = seen.receivings.map((receiving) => ({ receiving, requests: byReceiver.get(receiving.name) ?? [] }));
  const duplicates = duplicatesOf(seen.requests);
  const capped = inTurn.flatMap((one) => overCap(one, seen));
  const takeovers = takeoversOf(seen);
  const broken = [
    lost(seen),
    unheardOf(seen),
    unsettled(seen.deliveries),
    missing(seen),
    [...seen.attempts].flatMap(([id, made]) => attemptGaps(id, made)),
    differing(seen),
    duplicates.filter((one) => !isExplained(one, seen)).map(({ said }) => `${said}, and no fault explains it`),
    capped.filter(({ isAllowed }) => !isAllowed).map(({ said }) => said),
    inTurn.flatMap(outOfOrder),
    takeovers.filter(({ tookMs }) => tookMs > TAKEOVER_BOUND_MS).map(({ said }) => said),
    lateAfterPause(seen).flatMap(({ lateMs, said }) => (lateMs > PAUSE_BOUND_MS ? [said] : [])),
    seen.ended,
    seen.publishing.strange,
    [...seen.logged].filter(([line]) => OUR_FAULTS.test(line)).map(([line, count]) => `logged ${count} times: ${line}`),
    unready(seen),
    seen.missed,
  ];
  return { figures: figuresOf(seen, { duplicates, capped, takeovers }), broken: broken.flatMap(shortened) };
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more like this`];
}

function lost({ accepted, requests, receivings }: ClusterSeen): string[] {
  const delivered = new Set(requests.filter(isSuccess).map(({ receiver, number }) => `${receiver} ${number}`));
  return [...accepted].flatMap(([number, { type }]) =>
    receivings
      .filter((receiving) => receiving.type === type && !delivered.has(`${receiving.name} ${number}`))
      .map(({ name }) => `event ${number} was acknowledged and never delivered to ${name}`),
  );
}

function unheardOf({ accepted, requests, receivings }: ClusterSeen): string[] {
  const typeOf = new Map(receivings.map(({ name, type }) => [name, type]));
  return requests
    .filter(({ number, eventId, receiver }) => {
      const sent = accepted.get(number);
      return sent?.eventId !== eventId || sent.type !== typeOf.get(receiver);
    })
    .map(({ number, eventId, receiver }) => `${receiver} was sent event ${number} (${eventId}), which nobody sent it`);
}

/** What was sent and is not in the lists, or is in them and was never sent. */
function missing({ requests, deliveries }: ClusterSeen): string[] {
  const listed = new Set(deliveries.map(({ id }) => id));
  const arrived = new Set(requests.map(({ deliveryId }) => deliveryId));
  return [
    ...[...arrived].filter((id) => !listed.has(id)).map((id) => `delivery ${id} arrived and is not listed`),
    ...[...listed].filter((id) => !arrived.has(id)).map((id) => `delivery ${id} is listed and never arrived`),
  ];
}

function differing({ requests }: ClusterSeen): string[] {
  const digests = Map.groupBy(requests, ({ deliveryId }) => deliveryId);
  return [...digests]
    .filter(([, group]) => new Set(group.map(({ digest }) => digest)).size > 1)
    .map(([id]) => `delivery ${id} came with different bytes`);
}

export function isSuccess({ end, status }: Pick<Request, 'end' | 'status'>): boolean {
  return end === 'answered' && status >= 200 && status < 300;
}

interface InTurn {
  receiving: Receiving;
  requests: readonly Request[];
}

interface OverCap {
  /** Whether a takeover was under way. */
  isAllowed: boolean;
  /** Of the receiver. */
  name: string;
  said: string;
}

/** Each request that began while as many as allowed were under way. */
function overCap({ receiving, requests }: InTurn, { injected }: ClusterSeen): OverCap[] {
  const steps = requests
    .flatMap((request) => [
      { atMs: request.startMs, by: 1 },
      { atMs: Math.max(request.startMs, takenUntilMs(request)), by: -1 },
    ])
    // What ends in the same moment makes room first, but nothing ends before it has begun.
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  const over: OverCap[] = [];
  let atOnce = 0;
  for (const { atMs, by } of steps) {
    atOnce += by;
    if (by < 0 || atOnce <= receiving.maxConcurrency) continue;
    const isAllowed = injected.some((fault) => explains(fault, atMs, receiving.timeoutMs));
    const said = `${receiving.name} had ${atOnce} requests at once at ${Math.round(atMs)}, above ${receiving.maxConcurrency}`;
    over.push({ isAllowed, name: receiving.name, said });
  }
  return over;
}

function takenUntilMs({ end, endMs }: Request): number {
  return end === 'cut' ? endMs - CUT_NOTICED_MS : endMs;
}

/** Requests that began before the one before in their key was answered well. */
function outOfOrder({ receiving, requests }: InTurn): string[] {
  if (!receiving.ordered) return [];
  const doneMs = new Map<string, number>();
  for (const request of requests.filter(isSuccess)) {
    const at = `${request.key} ${request.place}`;
    doneMs.set(at, Math.min(doneMs.get(at) ?? Number.POSITIVE_INFINITY, request.endMs));
  }
  return requests
    .filter(({ key, place, startMs }) => {
      const before = doneMs.get(`${key} ${(place ?? 0) - 1}`) ?? Number.POSITIVE_INFINITY;
      return place !== null && place > 0 && before > startMs;
    })
    .map(({ key, place, startMs, life }) => {
      return `${receiving.name}: ${key} ${place} began at ${Math.round(startMs)} by ${life}, before the one before was done`;
    });
}

function lateAfterPause({ pauses, requests }: ClusterSeen) {
  return pauses.map(({ receiver, answeredMs, resumeMs }) => {
    const late = requests
      .filter((one) => one.receiver === receiver && one.startMs > answeredMs && one.startMs < resumeMs)
      .map(({ startMs }) => startMs - answeredMs);
    const lateMs = Math.round(Math.max(0, ...late));
    return { lateMs, said: `${receiver} was sent something ${lateMs} ms after its pause` };
  });
}

function unready({ nodes }: ClusterSeen): string[] {
  return nodes.flatMap(({ life, readyz, readyzAway }) => [
    ...(readyz === null || readyz === 200 ? [] : [`${life} said ${readyz} to /readyz in the end`]),
    ...(readyzAway === null || readyzAway === 503 ? [] : [`${life} said ${readyzAway} while PostgreSQL was away`]),
  ]);
}

interface Found {
  duplicates: ReturnType<typeof duplicatesOf>;
  capped: readonly OverCap[];
  takeovers: ReturnType<typeof takeoversOf>;
}

function figuresOf(seen: ClusterSeen, { duplicates, capped, takeovers }: Found): Verdict['figures'] {
  const { seed, accepted, requests, deliveries, injected, attempts, publishing, logged } = seen;
  const after = duplicates.map((one) => explainedBy(one, seen)?.kind ?? 'nothing');
  return {
    seed,
    'events acknowledged': accepted.size,
    'publishing: cut off, or answered 503, and sent again': `${publishing.cut}, ${publishing.unavailable}`,
    'requests that arrived': requests.length,
    'of them from a node that is not known': requests.filter(({ life }) => life === null).length,
    'deliveries, of them tried more than once': `${deliveries.length}, ${deliveries.filter((one) => one.attempts > 1).length}`,
    'attempts marked mayRepeat': [...attempts.values()].flat().filter(({ mayRepeat }) => mayRepeat).length,
    faults: counted(injected.map(({ kind }) => kind)),
    'starts that met no database, and were made again': seen.inVain.length,
    'sent twice (same bytes), by the fault that explains it': counted(after),
    'requests above a cap, by receiver': counted(capped.map(({ name }) => name)),
    'takeover from kill -9 to the first send': spread(takeovers, 'kill'),
    'takeover from SIGSTOP to the first send': spread(takeovers, 'freeze'),
    'last send after a pause': lateAfterPause(seen)
      .map(({ lateMs }) => `${lateMs} ms`)
      .join(', '),
    ...Object.fromEntries([...logged].toSorted().map(([line, count]) => [`logged ${line}`, count])),
  };
}

function spread(takeovers: Found['takeovers'], of: 'kill' | 'freeze'): string {
  const times = takeovers.filter(({ kind }) => kind === of);
  if (times.length === 0) return 'none seen';
  const sorted = times.map(({ tookMs }) => Math.round(tookMs)).sort((a, b) => a - b);
  const longest = [...Map.groupBy(times, ({ life }) => life)].map(
    ([life, group]) => `${life} ${Math.round(Math.max(...group.map(({ tookMs }) => tookMs)))}`,
  );
  const figures = `median ${sorted[sorted.length >> 1]} ms, max ${sorted.at(-1)} ms, of ${sorted.length} receivers`;
  return `${figures} (${longest.join(', ')})`;
}

function counted(words: readonly string[]): string {
  const groups = Map.groupBy(words, (word) => word);
  return [...groups].map(([word, all]) => `${word} ${all.length}`).join(', ') || 'none';
}
