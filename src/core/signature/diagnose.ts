import { diagnoseMac } from './diagnose-mac.ts';
import { diagnoseBasic, diagnoseToken } from './diagnose-token.ts';
import type { DiagnosedCase } from './diagnosed-case.ts';
import { verify } from './judge.ts';
import { type Diagnosis, diagnosed } from './mistake.ts';
import type { SignedRequest } from './plan.ts';
import { type Authenticator, type Scheme, signingOf } from './scheme.ts';

/** Each secret costs some fifty MACs of the body. */
const MAX_SECRETS = 3;

/**
 * The first of the usual mistakes that explains why a request was refused; `unexplained` where none does. null when
 * the request verifies, or when its scheme wants no proof.
 *
 * Bounded work: about three hundred MACs of the body at most. For operators only: the sender is told nothing of it.
 * @param request of a body that was kept in part, the beginning: then no mistake in the body can be found
 * @param nowMs when the request came, for schemes with a timestamp
 * @param stale retired secrets of the source
 */
export function diagnose(
  scheme: Scheme,
  request: SignedRequest,
  secrets: readonly string[],
  mac: Authenticator,
  nowMs: number,
  stale: readonly string[] = [],
): Diagnosis | null {
  if (verify(scheme, request, secrets, mac, nowMs).ok) return null;
  const given: DiagnosedCase = { type: scheme.type, request, secrets: tried(secrets), stale: tried(stale), mac, nowMs };
  switch (scheme.type) {
    case 'none':
      return null;
    case 'url':
      return diagnosed('not_secret_url');
    case 'token':
      return diagnoseToken(scheme.header, given);
    case 'basic':
      return diagnoseBasic(given);
    case 'hmac':
    case 'standard-webhooks':
      return diagnoseMac(signingOf(scheme), given);
  }
}

function tried(secrets: readonly string[]): string[] {
  return secrets.filter((secret) => secret.trim() !== '').slice(0, MAX_SECRETS);
}
