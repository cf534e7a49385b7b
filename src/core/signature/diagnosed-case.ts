import type { SignedRequest } from './plan.ts';
import type { Authenticator, Scheme } from './scheme.ts';

/** What a request is diagnosed with. */
export interface DiagnosedCase {
  type: Scheme['type'];
  request: SignedRequest;
  /** The live secrets of the source, newest first. */
  secrets: readonly string[];
  /** Secrets that it had before and that have ended. */
  stale: readonly string[];
  mac: Authenticator;
  /** When the request came. */
  nowMs: number;
}
