/** A signing secret gives way to a new one: for a while both sign, so that no receiver has to change at that moment. */
import { profiles } from './profile.ts';
import { END_OLD_SECRETS, type Grace, goingOn, IN_USE, tooManyRemedy } from './retiring.ts';
import { signingSecretFault } from './signing-secret.ts';
import { liveRetiring, type RetiringSecret, type SubscriptionConfig } from './subscription.ts';

/** How long an old secret goes on signing unless the caller says. */
export const DEFAULT_GRACE_SECONDS = 86_400;
/** Old secrets that may sign beside the new one where a header takes any number; each makes that header longer. */
const MAX_RETIRING = 4;

export type Rotated =
  | { kind: 'rotated'; config: SubscriptionConfig }
  /** The subscription is such that nothing can be rotated. */
  | { kind: 'refused'; detail: string }
  /** The new secret cannot be one. */
  | { kind: 'invalid'; message: string };

/**
 * The configuration with `secret` as its only current one. What signed until now goes on for `graceSeconds` more; those
 * of earlier rotations keep the time they have. With a grace of 0 nothing but the new one signs from now on; so to the
 * secret in use it ends the old ones alone.
 */
export function rotated(config: SubscriptionConfig, secret: string, grace: Grace): Rotated {
  const refusal = refusalOf(config);
  if (refusal !== null) return { kind: 'refused', detail: refusal };
  const isInUse = config.signatureSecrets.includes(secret);
  if (isInUse && grace.graceSeconds > 0) return { kind: 'invalid', message: IN_USE };
  const fault = isInUse ? null : signingSecretFault(secret, config.profile);
  if (fault !== null) return { kind: 'invalid', message: fault };
  const replaced = config.signatureSecrets.map((old) => ({ secret: old }));
  const goOn = goingOn(replaced, config.retiringSecrets, grace);
  const retiringSecrets = goOn.filter((old) => old.secret !== secret);
  const most = mostRetiring(config);
  if (retiringSecrets.length > most) {
    return { kind: 'refused', detail: tooMany(most, liveRetiring(config, grace.nowMs)) };
  }
  return { kind: 'rotated', config: { ...config, signatureSecrets: [secret], retiringSecrets } };
}

/** A header of one value has the old secret's signature, and its twin the new one's: a third would verify nowhere. */
function mostRetiring({ profile }: SubscriptionConfig): number {
  return profiles[profile].bodySignature === null ? MAX_RETIRING : 1;
}

function tooMany(most: number, retiring: readonly RetiringSecret[]): string {
  const old = most === 1 ? 'one old secret signs' : `${most} old secrets sign`;
  return `At most ${old} beside the new one: ${tooManyRemedy(retiring, END_OLD_SECRETS)}`;
}

function refusalOf({ auth, secretRef, signatureSecrets }: SubscriptionConfig): string | null {
  if (secretRef !== null) return 'Its secret is read from `secretRef` at each try: change it where it stands.';
  if (auth.type === 'signature' && signatureSecrets.length > 0) return null;
  return `It signs nothing: its \`authType\` is ${auth.type}; set \`authType\` to signature.`;
}
