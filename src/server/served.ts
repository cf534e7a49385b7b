/** Which calls this process answers, by its roles; the others are for other processes. */
import { problem } from '../core/problem.ts';
import type { ServedBy } from './endpoint.ts';
import type { Server } from './options.ts';
import type { Reply } from './respond.ts';

/** Whether this process answers routes that are served by `node`. */
export function isServed({ roles }: Pick<Server, 'roles'>, node: ServedBy): boolean {
  return node === 'any' || roles.has(node);
}

/**
 * 421 (RFC 9110 §15.5.20), whatever else is wrong with the call: a load balancer sent it to the wrong process. Nothing
 * is looked up for it.
 */
export function notServed(node: ServedBy): Reply {
  return problem('not_served_here', { detail: `This process does not have the role ${node}.` });
}
