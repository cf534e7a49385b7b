import type { Verdict } from '../receipt.ts';
import { type Plan, plan, type SignedRequest } from './plan.ts';
import type { Authenticator, Scheme } from './scheme.ts';
import { schemeName } from './schemes.ts';

/**
 * Whether the sender proved who it is. Never throws: whatever is wrong with the request is a reason of the verdict,
 * one of `PlanRefusal` or `mismatch`.
 * @param secrets the live secrets of the source, newest first; during a rotation any of them may match
 * @param nowMs wall clock, for schemes with a timestamp
 */
export function verify(
  scheme: Scheme,
  request: SignedRequest,
  secrets: readonly string[],
  mac: Authenticator,
  nowMs: number,
): Verdict {
  const reason = reasonAgainst(plan(scheme, request, secrets, nowMs), mac);
  return { ok: reason === null, scheme: schemeName(scheme), reason };
}

function reasonAgainst(planned: Plan, mac: Authenticator): string | null {
  switch (planned.kind) {
    case 'refused':
      return planned.reason;
    case 'open':
      return null;
    case 'tokens':
      return matches(planned.expected, [planned.provided], mac) ? null : 'mismatch';
    case 'macs': {
      const expected = planned.keys.map((key) => mac.hmac(planned.hash, key, planned.message));
      return matches(expected, planned.provided, mac) ? null : 'mismatch';
    }
  }
}

/** Compares every pair, so that the time taken does not tell which secret or signature matched. */
function matches(expected: readonly Uint8Array[], provided: readonly Uint8Array[], mac: Authenticator): boolean {
  let found = false;
  for (const wanted of expected) {
    for (const given of provided) {
      const equal = mac.equal(wanted, given);
      found = found || equal;
    }
  }
  return found;
}
