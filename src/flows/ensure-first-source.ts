import { DEFAULT_TENANT } from '../core/ids.ts';
import { secretUrlPath } from '../core/secret-url.ts';
import { toHex } from '../core/signature/encoding.ts';
import type { IdempotencyClaim, SecretFile } from '../ports.ts';
import type { FlowPorts, LiveConfiguration } from './configuration.ts';
import { createSource } from './create-source.ts';

/** The door that an instance is born with. */
export interface FirstSource {
  /** File with its secret URL. */
  file: string;
  /** That URL; without its origin where that is not known. */
  secretUrl: string;
}

const INPUT = { type: 'native', name: 'First source', scheme: { type: 'url' } };

/** Of processes that start on one store at once, the first to write it makes the source. */
const ONCE: IdempotencyClaim = {
  scope: 'first source',
  key: 'first source',
  bodyHash: new Uint8Array(32),
  answer: new Uint8Array(0),
};

/**
 * Makes a source with a secret URL where there is no source at all (seed 003), and keeps its URL in `file`. null when
 * there was nothing to make. Where the file stands already, its source was made once: then the file is
 * only kept true.
 * @param publicUrl origin that callers reach the instance at, where it is known
 */
export async function ensureFirstSource(
  ports: FlowPorts,
  file: SecretFile,
  publicUrl?: string,
): Promise<FirstSource | null> {
  const kept = file.kept();
  const configuration = await ports.configuration.refresh(DEFAULT_TENANT);
  if (kept !== null) keepTrue(ports, configuration, file, kept);
  if (kept !== null || configuration.sources.size > 0) return null;
  const request = { tenant: DEFAULT_TENANT, by: null, input: INPUT, enabled: true, claims: () => [ONCE] };
  const outcome = await createSource(ports, request);
  if (outcome.kind === 'repeated') return null;
  const urlKey = outcome.kind === 'created' ? (outcome.source.config?.urlKey ?? null) : null;
  if (urlKey === null) throw new Error(`the first source was not made: ${outcome.kind}`);
  const { secret: secretUrl } = file.open(() => withOrigin(secretUrlPath(urlKey), publicUrl));
  return { file: file.path, secretUrl };
}

/** What stands in the file once its URL has ended, so that nobody takes it for the present one. */
const ENDED = 'This secret URL has ended. Admins find the present ones by GET /api/v1/sources, as urls.secret.';

/** A URL that was replaced gives way to the one after it while that can be told, then to a word about it. */
function keepTrue(
  { clock, mac }: Pick<FlowPorts, 'clock' | 'mac'>,
  { sourcesByUrlKey }: LiveConfiguration,
  file: SecretFile,
  kept: string,
): void {
  if (kept === ENDED) return;
  const at = kept.lastIndexOf('/') + 1;
  const door = sourcesByUrlKey.get(toHex(mac.sha256(kept.slice(at))));
  if (door !== undefined && door.untilMs === null) return;
  const isReplaced = door !== undefined && clock.nowMs() < (door.untilMs ?? Infinity);
  const urlKey = isReplaced ? (door.source.config?.urlKey ?? null) : null;
  file.replace(urlKey === null ? ENDED : kept.slice(0, at) + urlKey);
}

function withOrigin(path: string, publicUrl = ''): string {
  return publicUrl.replace(/\/+$/, '') + path;
}
