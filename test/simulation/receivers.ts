/** Receivers by their behaviour, and the sender of a simulation in front of them. */
import type { Answer } from '../../src/core/attempt.ts';
import type { Clock, OutboundRequest, Sender } from '../../src/ports.ts';
import { answered, unanswered } from '../support/ports.ts';
import type { Dice } from './dice.ts';
import type { Behaviour } from './scenario.ts';

/** What a receiver makes of one request. */
type Mood =
  | { kind: 'answer'; status: number; afterMs: number; retryAfterS?: number }
  | { kind: 'refused' }
  | { kind: 'hang' };

/** One request on its way, as the world outside sees it. */
export interface Sending {
  deliveryId: string;
  /** Number of the try, from 1. */
  n: number;
  key: string | null;
  /** Counts the deliveries of its subscription, from 0. */
  ordinal: number;
}

const BROKEN: Mood = { kind: 'answer', status: 503, afterMs: 30 };
const FINE: Mood = { kind: 'answer', status: 200, afterMs: 50 };
const LATE_MS = 29_000;

type Moods = { [Kind in Behaviour['kind']]: (as: Extract<Behaviour, { kind: Kind }>, of: Sending, s: number) => Mood };

const MOODS: Moods = {
  healthy: ({ latencyMs }) => ({ ...FINE, afterMs: latencyMs }),
  flaky: (_, { n, ordinal }) => (n === 1 && ordinal % 3 === 2 ? BROKEN : FINE),
  hanging: () => ({ kind: 'hang' }),
  outage: ({ fromS, forS, how }, _, s) => (s < fromS || s >= fromS + forS ? FINE : OUT[how]),
  flapping: ({ everyS }, _, s) => (Math.floor(s / everyS) % 2 === 1 ? BROKEN : FINE),
  busy: ({ retryAfterS }, { n }) => (n === 1 ? { kind: 'answer', status: 429, afterMs: 20, retryAfterS } : FINE),
  missing: () => ({ kind: 'answer', status: 404, afterMs: 20 }),
  late: () => ({ kind: 'answer', status: 200, afterMs: LATE_MS }),
  'stuck key': (_, { key }) => (key === 'k0' ? { kind: 'answer', status: 429, afterMs: 20 } : FINE),
  gone: ({ fromS }, _, s) => (s < fromS ? FINE : { kind: 'answer', status: 410, afterMs: 20 }),
};

const OUT: Readonly<Record<Extract<Behaviour, { kind: 'outage' }>['how'], Mood>> = {
  refused: { kind: 'refused' },
  hang: { kind: 'hang' },
  broken: BROKEN,
};

/** What a receiver does with a request that begins at a second of the scenario. */
export function moodOf(behaviour: Behaviour, sending: Sending, atS: number): Mood {
  const mood = MOODS[behaviour.kind] as (as: Behaviour, of: Sending, s: number) => Mood;
  return mood(behaviour, sending, atS);
}

/** The longest that an answer of this receiver takes; Infinity when it may hang. */
export function longestMs(behaviour: Behaviour): number {
  if (behaviour.kind === 'healthy') return behaviour.latencyMs + MOST_UNDER_WAY_MS;
  return behaviour.kind === 'flaky' || behaviour.kind === 'stuck key' ? FINE_MS + MOST_UNDER_WAY_MS : Infinity;
}

const FINE_MS = 50;
const MAX_CONNECT_MS = 40;
/** From the network's taking a request to its arrival. The rate limit allows for so much. */
const MAX_TRANSIT_MS = 20;
const MOST_UNDER_WAY_MS = MAX_CONNECT_MS + MAX_TRANSIT_MS;

/** The world on the other side of the sender. */
export interface Outside {
  clock: Clock;
  dice: Dice;
  /** A request begins; what its receiver will make of it. */
  begins(request: OutboundRequest): { mood: Mood; arrives(): void; ends(answer: Answer): void };
}

/** The sender of one process. After `close` everything on its way is aborted. */
export function simulatedSender(outside: Outside): Sender {
  const onTheirWay = new Set<() => void>();
  const send = (request: OutboundRequest): Promise<Answer> =>
    new Promise((resolve) => {
      const { mood, arrives, ends } = outside.begins(request);
      const cancels: (() => void)[] = [];
      const end = (answer: Answer) => {
        onTheirWay.delete(abort);
        for (const cancel of cancels) cancel();
        ends(answer);
        resolve(answer);
      };
      const abort = () => end(unanswered('aborted_shutdown', { reason: 'the process is stopping' }));
      onTheirWay.add(abort);
      cancels.push(...follow(outside, request, mood, arrives, end));
    });
  return {
    send,
    sockets: () => onTheirWay.size,
    close: async () => {
      for (const abort of [...onTheirWay]) abort();
    },
  };
}

/** Sets the timers of one request; returns what cancels them. */
function follow(
  { clock, dice }: Outside,
  request: OutboundRequest,
  mood: Mood,
  arrives: () => void,
  end: (answer: Answer) => void,
): (() => void)[] {
  const connectMs = dice.between(0, MAX_CONNECT_MS);
  const arrivalMs = connectMs + dice.between(0, MAX_TRANSIT_MS - 1);
  if (mood.kind === 'refused') return [clock.after(connectMs, () => end(unanswered('connect_refused')))];
  const leaves = clock.after(connectMs, () => request.onItsWay?.());
  const arrival = clock.after(arrivalMs, arrives);
  const inMs = mood.kind === 'hang' ? Infinity : arrivalMs + mood.afterMs;
  const answer =
    inMs < request.timeoutMs
      ? clock.after(inMs, () => end(answerOf(mood)))
      : clock.after(request.timeoutMs, () => end(unanswered('response_timeout')));
  return [leaves, arrival, answer];
}

function answerOf(mood: Mood): Answer {
  if (mood.kind !== 'answer') return unanswered('response_timeout');
  const headers = mood.retryAfterS === undefined ? {} : { 'retry-after': `${mood.retryAfterS}` };
  return answered(mood.status, headers);
}
