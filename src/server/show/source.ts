import { SOURCE_TYPES, type SourceConfig } from '../../core/source.ts';
import { isoTime } from '../../core/time.ts';
import type { LiveSource } from '../../flows/configuration.ts';
import { schemeInput } from '../../flows/sources.ts';
import type { Role } from '../../ports.ts';

/** Who looks at a source, and from where. */
export interface SourceView {
  /** Origin for its URLs. */
  origin: string;
  role: Role;
  generatedSecret?: string | null;
}

/** A source as the API shows it. Its secret URL is a credential: only admins see it (seed 003). */
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

function showConfig({ id }: LiveSource, config: SourceConfig, { origin, role }: SourceView) {
  const { group, route } = SOURCE_TYPES[config.type];
  const seesSecret = config.urlKey !== null && role === 'admin';
  return {
    type: config.type,
    group,
    name: config.name,
    description: config.description,
    scheme: schemeInput(config),
    hasSecret: config.secrets.length > 0,
    registry: config.registry,
    timeZone: config.timeZone,
    urls: {
      ...(config.scheme.type === 'url' ? {} : { typed: `${origin}/api/v1/webhooks/${route}/${id}` }),
      ...(seesSecret ? { secret: `${origin}/api/webhook/${config.urlKey}` } : {}),
    },
  };
}
