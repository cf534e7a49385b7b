/** A signed message that is played back while its time is still believed: known by what its signature covers. */
import type { DedupeKey } from './dedupe.ts';
import { REDACTED } from './header.ts';
import { toHex } from './signature/encoding.ts';
import { readProof, type SignedRequest, signedMessage } from './signature/plan.ts';
import { type Scheme, type Sha256, signingOf } from './signature/scheme.ts';

/** Clocks of processes and of the store may differ by as much. */
const SPARE_MS = 60_000;

/**
 * The key under which the same signed bytes are a repeat, whatever stands in headers that nobody signed; null where the
 * scheme signs no time. Where it signs an id too that is the key (`signedIdHeader`), and for ever.
 *
 * A time may be as far ahead as it may be old, so a message can be played back for twice the tolerance.
 */
export function replayKey(
  scheme: Scheme,
  request: Pick<SignedRequest, 'headers' | 'body'>,
  sha256: Sha256,
): DedupeKey | null {
  if (scheme.type !== 'hmac') return null;
  const signing = signingOf(scheme);
  if (signing.timestamp === null || signing.idHeader !== null) return null;
  const proof = readProof(signing, request.headers);
  // A receipt that came under another scheme may not have kept it.
  if ('kind' in proof || proof.timestamp === REDACTED) return null;
  const message = signedMessage(signing, proof, request);
  if (message === null) return null;
  const windowMs = 2000 * signing.toleranceSeconds + SPARE_MS;
  return { key: `replay:${toHex(sha256(message))}`, windowMs, redeliveryAfterMs: null };
}
