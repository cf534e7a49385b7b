import { DEFAULT_TENANT } from '../core/ids.ts';
import { secretUrlPath } from '../core/secret-url.ts';
import type { IdempotencyClaim, SecretFile } from '../ports.ts';
import type { FlowPorts } from './configuration.ts';
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
 * there was nothing to make. Where the file stands already, its source was made once and deleted by somebody's wish.
 * @param publicUrl origin that callers reach the instance at, where it is known
 */
export async function ensureFirstSource(
  ports: FlowPorts,
  file: SecretFile,
  publicUrl?: string,
): Promise<FirstSource | null> {
  if (file.kept() !== null) return null;
  const { sources } = await ports.configuration.refresh(DEFAULT_TENANT);
  if (sources.size > 0) return null;
  const request = { tenant: DEFAULT_TENANT, by: null, input: INPUT, enabled: true, claims: () => [ONCE] };
  const outcome = await createSource(ports, request);
  if (outcome.kind === 'repeated') return null;
  const urlKey = outcome.kind === 'created' ? (outcome.source.config?.urlKey ?? null) : null;
  if (urlKey === null) throw new Error(`the first source was not made: ${outcome.kind}`);
  const { secret: secretUrl } = file.open(() => withOrigin(secretUrlPath(urlKey), publicUrl));
  return { file: file.path, secretUrl };
}

function withOrigin(path: string, publicUrl = ''): string {
  return publicUrl.replace(/\/+$/, '') + path;
}
