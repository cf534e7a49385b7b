import { type Id, idAt } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { FlowPorts } from './configuration.ts';
import { configure } from './sealed-configuration.ts';

export interface DeleteSubscription {
  tenant: Id;
  id: Id;
  /** The version the caller saw; whatever stands is deleted when it is null or absent. */
  ifVersion?: number | null;
}

/**
 * Deletes a subscription: nothing more is sent and its history is hidden at once; a task in the same commit cancels
 * what is open, in chunks.
 */
export async function deleteSubscription(
  ports: FlowPorts,
  { tenant, id, ifVersion = null }: DeleteSubscription,
): Promise<{ kind: 'deleted' } | Problem> {
  const taskId = idAt(ports.clock.nowMs(), ports.random.bytes(16));
  const change = { kind: 'delete_subscription', id, taskId } as const;
  const outcome = await configure(ports, tenant, ifVersion === null ? change : { ...change, version: ifVersion });
  return outcome.kind === 'problem' ? outcome : { kind: 'deleted' };
}
