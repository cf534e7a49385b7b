import { shownAuth } from '../../core/auth-input.ts';
import { cautionsOf } from '../../core/caution.ts';
import { describeFailure } from '../../core/failure.ts';
import { redactHeaders } from '../../core/header.ts';
import type { Id } from '../../core/ids.ts';
import { endsOf } from '../../core/retiring.ts';
import { keepersOf, type SubscriptionConfig, type SubscriptionState, saidReason } from '../../core/subscription.ts';
import { shownInput } from '../../core/subscription-input.ts';
import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import type { LiveSubscription } from '../../flows/configuration.ts';
import type { Health, Sealer } from '../../ports.ts';

/** A subscription as the API shows it; `signatureSecret` only when it was just generated. */
export function showSubscription(
  { sealer }: { sealer: Pick<Sealer, 'fingerprint'> },
  subscription: LiveSubscription,
  health: Health = subscription.health,
  generatedSecret: string | null = null,
) {
  const { config, state } = subscription;
  return {
    id: subscription.id,
    tenantId: subscription.tenant,
    ...(config === null
      ? {}
      : {
          ...shownInput(config),
          headers: redactHeaders(config.headers),
          ...shownAuth(config),
          hasSignatureSecret: config.signatureSecrets.length > 0 || config.secretRef !== null,
          signatureSecretFingerprint: fingerprintOf(sealer, subscription.tenant, config),
          oldSecretsUntil: isoTimeOrNull(endsOf(config.retiringSecrets)?.lastMs ?? null),
          warnings: [...(subscription.cautions ?? cautionsOf(config)), ...lackWords(subscription)],
        }),
    ...(generatedSecret === null ? {} : { signatureSecret: generatedSecret }),
    ...showState(state),
    ...showHealth(health),
    createdAt: isoTime(subscription.createdAtMs),
    updatedAt: isoTime(subscription.updatedAtMs),
    createdBy: subscription.createdBy,
    version: subscription.version,
    missingKeyId: subscription.missingKeyId,
  };
}

function lackWords({ lacks }: LiveSubscription): string[] {
  if (lacks === undefined) return [];
  const { error, remedy } = describeFailure('secret_unavailable', { ...lacks });
  return [`Its deliveries wait. ${error} ${remedy}`];
}

/** Of the secret that signs now; one that stands elsewhere is read at each try, and not to be shown. */
function fingerprintOf(
  sealer: Pick<Sealer, 'fingerprint'>,
  tenant: Id,
  { signatureSecrets: [secret], secretRef }: SubscriptionConfig,
): string | null {
  return secret === undefined || secretRef !== null ? null : sealer.fingerprint(tenant, secret);
}

function showState(state: SubscriptionState) {
  const disabled = state.kind === 'disabled' ? state : null;
  return {
    enabled: disabled === null || !keepersOf(disabled.reason).user,
    state: state.kind,
    pausedAt: isoTimeOrNull(state.kind === 'paused' ? state.sinceMs : null),
    disabledAt: isoTimeOrNull(disabled?.sinceMs ?? null),
    disabledReason: disabled === null ? null : saidReason(disabled.reason),
  };
}

/** Fields that may be others the next time although nobody changed the subscription. */
export const MOVING_FIELDS = [
  'consecutiveFailures',
  'lastDelivery',
  'lastStatus',
  'lastSuccessAt',
  'lastFailureAt',
  'circuit',
  // Keyed with the active key of the process that answers.
  'signatureSecretFingerprint',
  'warnings',
] as const;

function showHealth(health: Health) {
  return {
    consecutiveFailures: health.consecutiveFailures,
    lastDelivery: isoTimeOrNull(health.lastDeliveryAtMs),
    lastStatus: health.lastStatusCode,
    lastSuccessAt: isoTimeOrNull(health.lastSuccessAtMs),
    lastFailureAt: isoTimeOrNull(health.lastFailureAtMs),
  };
}
