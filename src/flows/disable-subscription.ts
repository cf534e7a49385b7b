import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { configure, sealSubscription } from './sealed-configuration.ts';

/**
 * Switches a subscription off because its receiver says it is gone. It is a new version like any other change, so its
 * ETag moves; whoever changed it meanwhile wins, and the next 410 says so again.
 */
export async function disableGone(
  ports: Pick<FlowPorts, 'store' | 'sealer' | 'configuration' | 'dispatch' | 'log'>,
  subscription: LiveSubscription,
): Promise<void> {
  const { id, tenant, version, config, createdBy } = subscription;
  if (config === null) return;
  const sealed = sealSubscription(ports, tenant, id, config);
  const state = { to: 'disabled', reason: 'gone' } as const;
  const outcome = await configure(ports, tenant, {
    kind: 'put_subscription',
    id,
    config: sealed,
    createdBy,
    version,
    state,
  });
  if (outcome.kind === 'changed') ports.log.warn('subscription.disabled', { subscriptionId: id, reason: 'gone' });
}
