import { endsOf } from '../../core/retiring.ts';
import { secretUrlPath } from '../../core/secret-url.ts';
import { GROUP_ROUTES, SOURCE_TYPES, type SourceConfig } from '../../core/source.ts';
import { shownSource } from '../../core/source-input.ts';
import { oldSecretsEndMs } from '../../core/source-secrets.ts';
import { type ReferredSecret, sourceWarnings } from '../../core/source-warnings.ts';
import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import type { LiveSource } from '../../flows/configuration.ts';
import type { Role } from '../../ports.ts';

/** Who looks at a source, and from where. */
export interface SourceView {
  /** Origin for its URLs. */
  origin: string;
  role: Role;
  generatedSecret?: string | null;
  /** Whether this is the answer to who made the secret URL: it is shown this once to whoever may make one. */
  isMaker?: boolean;
  /** The secret that it refers to; null when it has none elsewhere. */
  referred?: ReferredSecret | null;
}

/** A source as the API shows it. Its secret URL is a credential: only admins see it (seed 003), and who made it. */
export function showSource(source: LiveSource, view: SourceView) {
  const { config } = source;
  return {
    id: source.id,
    tenantId: source.tenant,
    ...(config === null ? {} : showConfig(source, config, view)),
    ...(view.generatedSecret ? { secret: view.generatedSecret } : {}),
    enabled: source.enabled,
    createdAt: isoTime(source.createdAtMs),
    updatedAt: isoTime(source.updatedAtMs),
    createdBy: source.createdBy,
    version: source.version,
    missingKeyId: source.missingKeyId,
  };
}

function showConfig({ id }: LiveSource, config: SourceConfig, view: SourceView) {
  return {
    ...shownSource(config),
    groups: SOURCE_TYPES[config.type].groups,
    hasSecret: config.secrets.length > 0 || config.secretRef !== null,
    oldSecretsUntil: isoTimeOrNull(oldSecretsEndMs(config)),
    oldUrlsUntil: isoTimeOrNull(endsOf(config.retiringUrlKeys)?.lastMs ?? null),
    warnings: sourceWarnings(config, view.referred ?? null),
    urls: urlsOf(id, config, view),
    pausedAt: isoTimeOrNull(config.pausedAtMs),
  };
}

function urlsOf(id: string, { type, scheme, urlKey }: SourceConfig, { origin, role, isMaker = false }: SourceView) {
  const [typed, ...alternatives] = SOURCE_TYPES[type].groups.map(
    (group) => `${origin}/api/v1/webhooks/${GROUP_ROUTES[group]}/${id}`,
  );
  return {
    ...(scheme.type === 'url' ? {} : { typed, alternatives }),
    ...(urlKey !== null && (role === 'admin' || isMaker) ? { secret: origin + secretUrlPath(urlKey) } : {}),
  };
}
