import type { Id } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import { type ConfigurePorts, configure } from './sealed-configuration.ts';

export interface DeleteSource {
  tenant: Id;
  id: Id;
  /** The version the caller saw; whichever stands when left out or null. */
  ifVersion?: number | null;
  /** Also while it holds receipts: nobody can make anything of them afterwards. */
  discardHeld?: boolean;
}

/** Closes a source for good; its receipts stay. */
export async function deleteSource(
  ports: ConfigurePorts,
  { tenant, id, ifVersion = null, discardHeld = false }: DeleteSource,
): Promise<{ kind: 'deleted' } | Problem> {
  const outcome = await configure(ports, tenant, {
    kind: 'delete_source',
    id,
    ...(ifVersion === null ? {} : { version: ifVersion }),
    ...(discardHeld ? {} : { unlessHolding: true }),
  });
  return outcome.kind === 'problem' ? outcome : { kind: 'deleted' };
}
