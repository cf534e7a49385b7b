/** What one process remembers of its doors: how much each source sent lately, and what it still has to note down. */
import type { Id } from '../../core/ids.ts';
import { arrived, changeLimit, createRateLog, type RateLog, readyAtMs, started } from '../../core/rate-limit.ts';
import type { Ports } from '../../ports.ts';
import type { OpenSource } from '../sources.ts';
import { createNotes, type Notes } from './notes.ts';

/** What a source says of itself in the log. */
type Trouble = 'secret_unread' | 'rate';

export interface Shedding extends Notes {
  /** How long a sender has to wait before its next request is taken, in ms; 0 = this one is taken, and counted. */
  waitMs(source: OpenSource): number;
  /** True at most once a minute for a source and what is wrong there, so that its senders cannot fill the log. */
  isNews(what: Trouble, sourceId: Id): boolean;
}

const NEWS_MS = 60_000;

/** Nothing is remembered of a process before this one. */
export function createShedding(ports: Pick<Ports, 'clock' | 'log' | 'random'>): Shedding {
  const { clock } = ports;
  const logs = new Map<Id, RateLog>();
  const told = new Map<`${Trouble} ${Id}`, number>();
  return {
    ...createNotes(ports),
    waitMs: (source) => wait(logs, source, clock.monotonicMs()),
    isNews(what, sourceId) {
      const nowMs = clock.monotonicMs();
      const key = `${what} ${sourceId}` as const;
      if (nowMs < (told.get(key) ?? -NEWS_MS) + NEWS_MS) return false;
      told.set(key, nowMs);
      return true;
    },
  };
}

function wait(logs: Map<Id, RateLog>, { id, config: { rateLimit } }: OpenSource, nowMs: number): number {
  if (rateLimit === null) {
    logs.delete(id);
    return 0;
  }
  const known = logs.get(id) ?? createRateLog(rateLimit);
  logs.set(id, known);
  changeLimit(known, rateLimit);
  const readyMs = readyAtMs(known, nowMs);
  if (readyMs > nowMs) return readyMs - nowMs;
  arrived(known, started(known, nowMs), nowMs);
  return 0;
}
