import { DEFAULT_TENANT } from '../core/ids.ts';
import type { SecretFile } from '../ports.ts';
import type { FlowPorts } from './configuration.ts';
import { freshKey, keyChange, keyRow } from './keys.ts';
import { configure } from './sealed-configuration.ts';

/**
 * The admin key in its file, known to the store; made where there is none, and then `fresh`. null when the first of the
 * processes that share a store made it: that one keeps it.
 */
export async function ensureAdminKey(
  ports: FlowPorts,
  file: SecretFile,
  shared: boolean,
): Promise<{ path: string; fresh: string | null } | null> {
  if (shared && file.kept() === null && (await hasAdminKey(ports))) return null;
  const { secret, fresh } = file.open(() => freshKey(ports.random));
  await makeKnown(ports, secret);
  return { path: file.path, fresh: fresh ? secret : null };
}

/** Makes the store know the admin key that the installation keeps in its own file. */
async function makeKnown(ports: FlowPorts, secret: string): Promise<void> {
  const known = await ports.store.keyByHash(ports.mac.sha256(secret));
  if (known?.revokedAtMs != null) {
    // Revoking it was somebody's wish; that nobody may be able to get in has to be said.
    ports.log.warn('admin_key.revoked', { keyId: known.id, remedy: 'start with HOOKYARD_API_KEY to get in' });
  }
  if (known !== null) return;
  const asked = { tenant: DEFAULT_TENANT, name: 'admin', role: 'admin', expiresAtMs: null } as const;
  const outcome = await configure(ports, DEFAULT_TENANT, keyChange(keyRow(ports, asked, secret)));
  if (outcome.kind !== 'changed') throw new Error(`the admin key was not stored: ${outcome.kind}`);
}

/** Whether an admin key was ever made in the store, revoked ones included: getting rid of it was somebody's wish. */
async function hasAdminKey({ store }: Pick<FlowPorts, 'store'>): Promise<boolean> {
  return (await store.keys(DEFAULT_TENANT)).some(({ role }) => role === 'admin');
}
