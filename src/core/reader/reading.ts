import type { ReadFact } from '../receipt.ts';

/** What a reader is given: one verified payload and what the source's configuration knows. */
export interface ReaderInput {
  /** Parsed JSON of any shape. */
  body: unknown;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** `host[:port]` of the source, for payloads that do not say. */
  registry: string | null;
  /** IANA name or offset, for times without a zone. */
  timeZone: string | null;
  receivedAtMs: number;
}

/**
 * What a payload says. `ignored`: understood, and nothing to make of it. `unreadable`: not what this type of source
 * sends; `pointer` (RFC 6901) names the field at fault. Reasons are for people and hold nothing of the payload.
 */
export type Reading =
  | { kind: 'facts'; facts: readonly ReadFact[] }
  | { kind: 'ignored'; reason: string }
  | { kind: 'unreadable'; reason: string; pointer?: string };

/** Reads payloads of one type of source. Total: any value gives a reading, none makes it throw. */
export type Reader = (input: ReaderInput) => Reading;

/** A payload that names more than this is not a push; one transaction has to hold all of it. */
export const MAX_FACTS = 1000;
