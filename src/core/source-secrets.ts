/** The secrets of a source over time: which prove a sender now, and how one gives way to another. */
import { type Grace, goingOn, stillGoing, tooManyRemedy } from './retiring.ts';
import type { Scheme } from './signature/schemes.ts';
import { signatureKey } from './signature/sign.ts';
import type { SourceConfig } from './source.ts';

/** The secrets stored with a source that prove a sender at `nowMs`, newest first. */
export function liveSecrets(
  { secrets, retiringSecrets }: Pick<SourceConfig, 'secrets' | 'retiringSecrets'>,
  nowMs: number,
): readonly string[] {
  if (retiringSecrets.length === 0) return secrets;
  return [...secrets, ...stillGoing(retiringSecrets, nowMs).map(({ secret }) => secret)];
}

/** Whether a scheme compares anything with a secret. */
export function needsSecret(scheme: Scheme): boolean {
  return scheme.type !== 'url' && scheme.type !== 'none';
}

/** Blanks, or `whsec_` with no key behind it. */
function isBlankSecret(secret: string): boolean {
  return signatureKey(secret.trim(), 'standard').length === 0;
}

/** What keeps a text from being the secret of a scheme; null when nothing does. Never holds the text. */
export function secretFault(secret: string, scheme: Scheme | null): string | null {
  if (isBlankSecret(secret)) return 'An empty secret proves nothing.';
  return scheme?.type === 'basic' && !/^[^:]*:./.test(secret) ? 'With scheme "basic": `user:password`.' : null;
}

/** Each old secret is one more MAC for every request. */
const MAX_RETIRING = 4;

export type SourceRotated =
  | { kind: 'rotated'; config: SourceConfig }
  /** The source is such that nothing can be rotated. */
  | { kind: 'refused'; detail: string }
  /** The new secret cannot be one. */
  | { kind: 'invalid'; message: string };

/** The source with another secret. What proved its senders until now goes on for the grace; a grace of 0 ends all. */
export function rotatedSource(config: SourceConfig, secret: string, grace: Grace): SourceRotated {
  const refusal = refusalOf(config);
  if (refusal !== null) return { kind: 'refused', detail: refusal };
  const fault = secretFault(secret, config.scheme);
  if (fault !== null) return { kind: 'invalid', message: fault };
  if (config.secrets.includes(secret)) return { kind: 'invalid', message: 'It is the secret in use already.' };
  const replaced = config.secrets.map((old) => ({ secret: old }));
  const goOn = goingOn(replaced, config.retiringSecrets, grace);
  const retiringSecrets = goOn.filter((old) => old.secret !== secret);
  if (retiringSecrets.length <= MAX_RETIRING) {
    return { kind: 'rotated', config: { ...config, secrets: [secret], retiringSecrets } };
  }
  const remedy = tooManyRemedy(stillGoing(config.retiringSecrets, grace.nowMs));
  return {
    kind: 'refused',
    detail: `At most ${MAX_RETIRING} old secrets prove a sender beside the new one: ${remedy}`,
  };
}

function refusalOf({ scheme, secretRef }: SourceConfig): string | null {
  if (secretRef !== null) return 'Its secret is read from `secretRef` at each request: change it where it stands.';
  if (needsSecret(scheme)) return null;
  const instead = scheme.type === 'url' ? 'regenerate its URL instead' : 'choose another scheme first';
  return `Its scheme is "${scheme.type}", which has no secret: ${instead}.`;
}
