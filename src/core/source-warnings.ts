/** What a person should know of settings of a source that are accepted all the same. */
import { schemeWarnings } from './signature/warnings.ts';
import type { SourceConfig, SourceType } from './source.ts';

/** Senders that do not say which registry they are, and of what. */
const HOSTLESS: Partial<Record<SourceType, string>> = {
  nexus: 'Nexus does not say which registry an image is in',
  acr: 'Azure Container Registry does not say which registry a chart is in',
  zot: 'Older versions of zot do not say which registry an image is in',
};

/**
 * The warnings of a source, in sentences.
 * @param secretFault why the secret that it refers to cannot be read now; null when it can, or is stored here
 */
export function sourceWarnings(config: SourceConfig, secretFault: string | null): string[] {
  const hostless = config.registry === null ? HOSTLESS[config.type] : undefined;
  return [
    ...(secretFault === null ? [] : [secretWords(config, secretFault)]),
    ...schemeWarnings(config),
    ...(hostless === undefined ? [] : [`${hostless}, and then facts have no host: name it in \`registry\`.`]),
  ];
}

function secretWords({ secretRef }: SourceConfig, fault: string): string {
  const reason = fault.replace(/\.$/, '');
  return `The secret cannot be read from ${secretRef} (${reason}): requests are answered 503 until it can.`;
}
