import type { ReadFact } from '../fact.ts';
import type { Mapping } from '../mapping.ts';

/** What a reader is given: one verified payload and what the source's configuration knows. */
export interface ReaderInput {
  /** Parsed JSON of any shape; of a form, the JSON in its `payload`. */
  body: unknown;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** `host[:port]` of the source, for payloads that do not say. */
  registry: string | null;
  /** IANA name or offset, for times without a zone. */
  timeZone: string | null;
  /** Where the fields stand, for types that take a mapping. */
  mapping: Mapping | null;
  receivedAtMs: number;
}

/** Why something cannot be read, and where it stands. */
interface Fault {
  reason: string;
  pointer?: string;
}

/**
 * What a payload says. `facts`: all that can be read; `skipped` counts what else it names and cannot, `fault` is what is
 * wrong with the first of that. `ignored`:
 * understood, and nothing to make of it. `handshake`: the sender tests the connection; `echo` is the JSON it wants back,
 * null = the usual answer will do. `unreadable`: not what this type of source sends; `pointer` (RFC 6901) names the field
 * at fault. Reasons are for people and hold nothing of the payload.
 */
export type Reading =
  | { kind: 'facts'; facts: readonly ReadFact[]; skipped?: number; fault?: Fault }
  | { kind: 'ignored'; reason: string }
  | { kind: 'handshake'; reason: string; facts: readonly ReadFact[]; echo: Readonly<Record<string, string>> | null }
  | ({ kind: 'unreadable' } & Fault);

/** What was read in a document inside the request; `whence` gives the place in the request for a pointer into it. */
export function translated(reading: Reading, whence: (pointer: string) => string): Reading {
  if (reading.kind === 'ignored') return reading;
  if (reading.kind === 'unreadable') return moved(reading, whence);
  const facts = reading.facts.map(({ fact, provenance }) => {
    const places = Object.entries(provenance).map(([field, pointer]): [string, string] => [field, whence(pointer)]);
    return { fact, provenance: Object.fromEntries(places) };
  });
  const fault = reading.kind === 'facts' && reading.fault ? { fault: moved(reading.fault, whence) } : {};
  return { ...reading, facts, ...fault };
}

function moved<Faulty extends Fault>(fault: Faulty, whence: (pointer: string) => string): Faulty {
  return fault.pointer === undefined ? fault : { ...fault, pointer: whence(fault.pointer) };
}

/** Reads payloads of one type of source. Total: any value gives a reading, none makes it throw. */
export type Reader = (input: ReaderInput) => Reading;

/** A payload that names more than this is not a push; one transaction has to hold all of it. */
export const MAX_FACTS = 1000;

/** One fact, which is all most payloads hold. */
export function one(fact: ReadFact): Reading {
  return { kind: 'facts', facts: [fact] };
}

/**
 * What the elements of one request say together. What can be read counts, and it is unreadable only if nothing can.
 * @param otherwise what it says if its elements say nothing
 */
export function gathered(readings: readonly Reading[], otherwise: Reading): Reading {
  const facts = readings.flatMap((reading) => ('facts' in reading ? reading.facts : []));
  if (facts.length === 0) return readings.find(({ kind }) => kind === 'unreadable') ?? otherwise;
  const skipped = readings.reduce((sum, reading) => sum + skippedIn(reading), 0);
  if (skipped === 0) return { kind: 'facts', facts };
  const [fault] = readings.flatMap((reading) => faultIn(reading) ?? []);
  return fault === undefined ? { kind: 'facts', facts, skipped } : { kind: 'facts', facts, skipped, fault };
}

function faultIn(reading: Reading): Fault | undefined {
  if (reading.kind !== 'unreadable') return reading.kind === 'facts' ? reading.fault : undefined;
  const { kind: _kind, ...fault } = reading;
  return fault;
}

function skippedIn(reading: Reading): number {
  if (reading.kind === 'unreadable') return 1;
  return reading.kind === 'facts' ? (reading.skipped ?? 0) : 0;
}

/** Understood, and nothing to make of it. */
export function ignored(reason: string): Extract<Reading, { kind: 'ignored' }> {
  return { kind: 'ignored', reason };
}

/** Not what this type of source sends; `pointer` (RFC 6901) names the field at fault. */
export function unreadable(pointer: string, reason: string): Extract<Reading, { kind: 'unreadable' }> {
  return { kind: 'unreadable', reason, pointer };
}
