import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { FlowPorts } from '../flows/configuration.ts';
import type { Role } from '../ports.ts';

/** Who is asking. */
export interface Caller {
  kind: 'caller';
  /** The key's id. */
  id: Id;
  tenant: Id;
  role: Role;
}

/** Roles by what they may do; `admin` may do everything. */
export const MAY_READ: readonly Role[] = ['admin', 'operator', 'viewer'];
export const MAY_CHANGE: readonly Role[] = ['admin', 'operator'];
export const MAY_PUBLISH: readonly Role[] = ['admin', 'operator', 'publisher'];
export const MAY_ADMINISTER: readonly Role[] = ['admin'];

/** `Bearer` and one b64token (RFC 6750 §2.1); two joined headers do not fit it. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/** The caller behind an Authorization header, or why the call may not be made. */
export async function callerOf(
  ports: Pick<FlowPorts, 'authenticate'>,
  authorization: string | null | undefined,
  roles: readonly Role[],
): Promise<Caller | Problem> {
  const key = BEARER.exec(authorization ?? '')?.[1];
  if (key === undefined) return problem('unauthorized');
  const identity = await ports.authenticate(key);
  if (identity.kind === 'unknown') return problem('unauthorized');
  const { id, tenant, role } = identity;
  if (roles.includes(role)) return { kind: 'caller', id, tenant, role };
  return problem('forbidden', { detail: `This call needs the role ${roles.join(' or ')}; the key has ${role}.` });
}
