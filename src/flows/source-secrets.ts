import type { SourceConfig } from '../core/source.ts';
import { liveSecrets, secretFault } from '../core/source-secrets.ts';
import { keyBytes, type ReferredSecret } from '../core/source-warnings.ts';
import type { Ports } from '../ports.ts';

/** What a source's senders are proved by, or the reference that leads nowhere and why. */
export type SourceSecrets =
  | { kind: 'secrets'; secrets: readonly string[] }
  | { kind: 'missing'; reference: string; reason: string };

/**
 * What was found last: while nothing else is found the list is the same one, and what is looked for need not be made
 * anew.
 */
const hidden = new WeakMap<SourceConfig, readonly string[]>();

/** All that its senders are proved by or were, its secret URL too: not to be shown. null where not all of it can be read. */
export async function secretsToHide(
  ports: Pick<Ports, 'secretReferences' | 'clock'>,
  config: SourceConfig | null,
): Promise<readonly string[] | null> {
  if (config === null) return null;
  const found = await findSourceSecrets(ports, config, ports.clock.nowMs());
  if (found.kind === 'missing') return null;
  const { secrets: live } = found;
  const ended = config.retiringSecrets.map(({ secret }) => secret);
  const keys = [config.urlKey ?? '', ...config.retiringUrlKeys.map(({ key }) => key)];
  const all = [...new Set([...live, ...ended, ...keys.filter((key) => key !== '')])];
  const before = hidden.get(config);
  if (before !== undefined && isSame(before, all)) return before;
  hidden.set(config, all);
  return all;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((secret, at) => secret === others[at]);
}

/** What is known now of the secret that a source refers to; null when it has none elsewhere. */
export async function referredSecretOf(
  ports: Pick<Ports, 'secretReferences'>,
  config: SourceConfig | null,
): Promise<ReferredSecret | null> {
  if (config === null || config.secretRef === null) return null;
  const found = await findSourceSecrets(ports, config, 0);
  if (found.kind === 'missing') return { kind: 'missing', reason: found.reason };
  const [referred = ''] = found.secrets;
  return { kind: 'found', keyBytes: keyBytes(config.scheme, referred) };
}

/** The secrets that prove a sender at `nowMs`, newest first; one that stands elsewhere is read as it stands now. */
export async function findSourceSecrets(
  { secretReferences }: Pick<Ports, 'secretReferences'>,
  config: Pick<SourceConfig, 'scheme' | 'secretRef' | 'secrets' | 'retiringSecrets'>,
  nowMs: number,
): Promise<SourceSecrets> {
  const { secretRef: reference } = config;
  if (reference === null) return { kind: 'secrets', secrets: liveSecrets(config, nowMs) };
  const read = await secretReferences.read(reference);
  if (read.kind === 'missing') return { kind: 'missing', reference, reason: read.reason };
  const reason = secretFault(read.value, config.scheme);
  if (reason !== null) return { kind: 'missing', reference, reason };
  return { kind: 'secrets', secrets: [read.value, ...liveSecrets(config, nowMs)] };
}
