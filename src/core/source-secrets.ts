/** The secrets of a source over time: which prove a sender now, and how one gives way to another. */
import { END_OLD_SECRETS, endsOf, type Grace, goingOn, IN_USE, stillGoing, tooManyRemedy } from './retiring.ts';
import { isCredentials } from './signature/plan.ts';
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
  return scheme?.type === 'basic' && !isCredentials(secret) ? 'With scheme "basic": `user:password`.' : null;
}

/** Each old secret is one more MAC for every request. */
const MAX_RETIRING = 4;

export type SourceRotated =
  | { kind: 'rotated'; config: SourceConfig }
  /** The source is such that nothing can be rotated. */
  | { kind: 'refused'; detail: string }
  /** The new secret cannot be one. */
  | { kind: 'invalid'; message: string };

/** Of old secrets that have ended, the newest are kept: the doctor tells by them who was not changed over. */
const MAX_ENDED = 2;

type Old = SourceConfig['retiringSecrets'][number];

/** No clock is so late that a secret with this end goes on. */
const ENDED_MS = 0;

/** What is kept of old secrets at `nowMs`, newest first: all that go on, and a few that have ended. */
export function keptSecrets(old: readonly Old[], nowMs: number): readonly Old[] {
  const going = stillGoing(old, nowMs);
  return [...going, ...old.filter((one) => !going.includes(one)).slice(0, MAX_ENDED)];
}

/** All secrets but the present one, ended: the one that was in use before it among them. */
export function endedSecrets(
  { secrets, retiringSecrets }: SourceConfig,
  present: string,
  nowMs: number,
): readonly Old[] {
  const old = [...secrets, ...retiringSecrets.map(({ secret }) => secret)].filter((secret) => secret !== present);
  return keptSecrets(
    old.map((secret) => ({ secret, untilMs: ENDED_MS })),
    nowMs,
  );
}

/** When the last of the old secrets that had a grace ends, or ended; null where none had one. */
export function oldSecretsEndMs({ retiringSecrets }: SourceConfig): number | null {
  return endsOf(retiringSecrets.filter(({ untilMs }) => untilMs !== ENDED_MS))?.lastMs ?? null;
}

/**
 * The source with another secret. What proved its senders until now goes on for the grace; a grace of 0 ends all, and to
 * the secret in use it ends the old ones alone.
 */
export function rotatedSource(config: SourceConfig, secret: string, grace: Grace): SourceRotated {
  const refusal = refusalOf(config);
  if (refusal !== null) return { kind: 'refused', detail: refusal };
  const isInUse = config.secrets.includes(secret);
  if (isInUse && grace.graceSeconds > 0) return { kind: 'invalid', message: IN_USE };
  const fault = isInUse ? null : secretFault(secret, config.scheme);
  if (fault !== null) return { kind: 'invalid', message: fault };
  const retiringSecrets = replacedBy(config, secret, grace);
  if (stillGoing(retiringSecrets, grace.nowMs).length <= MAX_RETIRING) {
    return { kind: 'rotated', config: { ...config, secrets: [secret], retiringSecrets } };
  }
  const remedy = tooManyRemedy(stillGoing(config.retiringSecrets, grace.nowMs), END_OLD_SECRETS);
  return {
    kind: 'refused',
    detail: `At most ${MAX_RETIRING} old secrets prove a sender beside the new one: ${remedy}`,
  };
}

function replacedBy(config: SourceConfig, present: string, grace: Grace): readonly Old[] {
  if (grace.graceSeconds === 0) return endedSecrets(config, present, grace.nowMs);
  const goOn = goingOn(
    config.secrets.map((secret) => ({ secret })),
    config.retiringSecrets,
    grace,
  );
  const ended = keptSecrets(config.retiringSecrets, grace.nowMs).filter(({ untilMs }) => untilMs <= grace.nowMs);
  return [...goOn, ...ended].filter(({ secret }) => secret !== present);
}

function refusalOf({ scheme, secretRef }: SourceConfig): string | null {
  if (secretRef !== null) return 'Its secret is read from `secretRef` at each request: change it where it stands.';
  if (needsSecret(scheme)) return null;
  const instead = scheme.type === 'url' ? 'regenerate its URL instead' : 'choose another scheme first';
  return `Its scheme is "${scheme.type}", which has no secret: ${instead}.`;
}
