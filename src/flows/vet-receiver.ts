import { type FieldError, type Problem, problem } from '../core/problem.ts';
import type { Ports, Vetted } from '../ports.ts';

/** DNS gets this long when a subscription is saved; a person is waiting. */
const RESOLVE_TIMEOUT_MS = 5000;

/** Asks the address gate about a receiver's URL; null when it may be reached. */
export async function vetReceiver(ports: Pick<Ports, 'gate'>, url: string): Promise<Problem | null> {
  const vetted = await ports.gate.vet(url, RESOLVE_TIMEOUT_MS);
  if (vetted.kind === 'allowed') return null;
  // An operator who names a host vouches for it; it may come up later.
  if (vetted.kind === 'unresolved' && vetted.allowListed === true) return null;
  return refusalProblem(vetted);
}

function refusalProblem(vetted: Exclude<Vetted, { kind: 'allowed' }>): Problem {
  if (vetted.kind === 'refused') {
    const { message, remedy } = vetted.refusal;
    return problem('url_refused', { detail: message, errors: atUrl(`${message} ${remedy}`) });
  }
  const detail =
    vetted.failure === 'not_found'
      ? `The name ${vetted.host} does not resolve.`
      : `DNS did not answer for ${vetted.host} in ${RESOLVE_TIMEOUT_MS} ms.`;
  const code = vetted.failure === 'not_found' ? 'url_unresolved' : 'url_unresolved_timeout';
  return problem(code, { detail, errors: atUrl(detail) });
}

function atUrl(message: string): FieldError[] {
  return [{ pointer: '/url', message }];
}
