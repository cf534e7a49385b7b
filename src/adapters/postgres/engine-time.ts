/**
 * The time on the engine's clock (A4): by it goes what is due, claimed and leased, and it stamps configuration where the
 * caller does not say when.
 */
import type { Session } from './database.ts';

/** What every answer has that brings the engine's time along. */
export interface Timed {
  now_ms: number;
}

/** Asks for the engine's time. */
export async function engineMs(session: Pick<Session, 'row'>): Promise<number> {
  return timeOf(await session.row<Timed>('engine_ms'));
}

/** The engine's time in an answer. Throws without one: in 1970 nothing would be due, and nothing too old. */
export function timeOf(answer: Timed | undefined): number {
  if (answer === undefined) throw new Error('an answer of the engine without its time');
  return answer.now_ms;
}
