/** Secrets of the sources that receipts belong to, so that what shows the receipts hides them. */
import type { Id } from '../../core/ids.ts';
import { secretsToHide } from '../../flows/source-secrets.ts';
import type { StoredReceipt } from '../../ports.ts';
import type { Server } from '../options.ts';

/** By source; null for one that is gone, or whose secrets cannot be read. */
export async function secretsBySource(
  { ports }: Server,
  tenant: Id,
  receipts: readonly StoredReceipt[],
): Promise<ReadonlyMap<Id, readonly string[] | null>> {
  const { sources } = await ports.configuration.current(tenant);
  const ids = [...new Set(receipts.map(({ receipt }) => receipt.sourceId))];
  const secrets = ids.map(async (id) => [id, await secretsToHide(ports, sources.get(id)?.config ?? null)] as const);
  return new Map(await Promise.all(secrets));
}

/** Those of the source of one receipt. */
export async function secretsOf(server: Server, stored: StoredReceipt): Promise<readonly string[] | null> {
  const { tenant, sourceId } = stored.receipt;
  return (await secretsBySource(server, tenant, [stored])).get(sourceId) ?? null;
}
