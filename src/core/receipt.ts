import type { Id } from './ids.ts';

/** Who caused a push; only `user` and `ci` deploy by default. */
export type Origin = 'user' | 'ci' | 'replication' | 'proxy-cache' | 'remote-cache' | 'scanner';

/** A push, deletion or announcement of an image or chart, in our shape. */
export interface ImageFact {
  kind: 'image.push' | 'image.delete' | 'image.available' | 'chart.push';
  /** `host[:port]`, `docker.io` for the Hub; null when the payload does not say and the source has none set. */
  registry: string | null;
  /** Lower-case OCI path. */
  repository: string;
  /** Never a digest, never empty. */
  tag: string | null;
  /** `sha256:` and 64 lower-case hex digits, or null. */
  digest: string | null;
  /** When the sender says it happened; null = it did not say, or said something impossible. */
  timeMs: number | null;
  /** Where `timeMs` came from: `received` when it is null, else a word for the field and its format. */
  timeSource: string;
  actor: string | null;
  origin: Origin;
}

/** A connection test of the sender; makes no event. */
export interface PingFact {
  kind: 'ping';
}

/** What one payload says. Other kinds join this union with their readers. */
export type Fact = ImageFact | PingFact;

/** Field of a fact → JSON pointer (RFC 6901) into the payload it came from. */
export type Provenance = Readonly<Record<string, string>>;

/** A fact with the pointers its fields came from. */
export interface ReadFact {
  fact: Fact;
  provenance: Provenance;
}

export type Outcome = 'processed' | 'ignored' | 'duplicate' | 'rejected' | 'handshake';

/** Whether the sender proved who it is. `reason` is for operators only. */
export interface Verdict {
  ok: boolean;
  scheme: string;
  reason: string | null;
}

/**
 * Of a rejected request this much of the body is kept: enough to see who sends what, and too little to fill a disk by
 * posting without any proof.
 */
export const REJECTED_BODY_BYTES = 64 * 1024;

/** One inbound request as captured, and what was made of it. */
export interface Receipt {
  id: Id;
  tenant: Id;
  sourceId: Id;
  receivedAtMs: number;
  method: string;
  /** Redacted: credentials and signatures of the sender never reach the store. */
  headers: Readonly<Record<string, string>>;
  /** Of a rejected request only the beginning. */
  body: Uint8Array;
  verdict: Verdict;
  outcome: Outcome;
  reason: string | null;
  /** The receipt this one repeats, for `duplicate`. */
  duplicateOf: Id | null;
  /** True when a duplicate came with another body than the first. */
  bodyDiffers: boolean;
}

/** Whether only the beginning of the body was kept. At exactly the limit that cannot be told, and yes is the answer. */
export function keptInPart({ outcome, body }: Pick<Receipt, 'outcome' | 'body'>): boolean {
  return outcome === 'rejected' && body.length >= REJECTED_BODY_BYTES;
}

/** Why a duplicate made nothing, in the words that its sender gets too. */
export function repeatReason(of: Id, bodyDiffers: boolean): string {
  return `Repeats receipt ${of}${bodyDiffers ? ' with another body' : ''}.`;
}
