import { type Id, idAt } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { FlowPorts } from './configuration.ts';
import { configure } from './sealed-configuration.ts';

/**
 * Deletes a subscription: nothing more is sent and its history is hidden at once; a task in the same commit cancels
 * what is open, in chunks.
 */
export async function deleteSubscription(
  ports: FlowPorts,
  request: { tenant: Id; id: Id },
): Promise<{ kind: 'deleted' } | Problem> {
  const taskId = idAt(ports.clock.nowMs(), ports.random.bytes(16));
  const outcome = await configure(ports, request.tenant, { kind: 'delete_subscription', id: request.id, taskId });
  return outcome.kind === 'problem' ? outcome : { kind: 'deleted' };
}
