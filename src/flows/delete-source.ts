import type { Id } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import { type ConfigurePorts, configure } from './sealed-configuration.ts';

export interface DeleteSource {
  tenant: Id;
  id: Id;
  /** The version the caller saw; whichever stands when left out or null. */
  ifVersion?: number | null;
}

/** Closes a source for good; its receipts stay. */
export async function deleteSource(
  ports: ConfigurePorts,
  { tenant, id, ifVersion = null }: DeleteSource,
): Promise<{ kind: 'deleted' } | Problem> {
  const change = { kind: 'delete_source', id } as const;
  const outcome = await configure(ports, tenant, ifVersion === null ? change : { ...change, version: ifVersion });
  return outcome.kind === 'problem' ? outcome : { kind: 'deleted' };
}
