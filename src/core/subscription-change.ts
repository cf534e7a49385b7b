/** What a change of some fields makes of the others. */
import { CREDENTIAL_FIELDS } from './auth-input.ts';
import { shownOwner } from './owner-input.ts';
import { profiles } from './profile.ts';
import { mergedRetry, retryOf, withoutCounted } from './retry-input.ts';
import { untouchedFaults } from './standing-faults.ts';
import { liveRetiring, type RetiringSecret, type SubscriptionConfig } from './subscription.ts';
import {
  type Completed,
  completeSubscription,
  inputErrors,
  inputOf,
  type SubscriptionInput,
} from './subscription-input.ts';

type Field = keyof SubscriptionInput;
type Patch = Partial<SubscriptionInput>;

/** Fields that give way to those of a patch. */
const rules: readonly ((patch: Patch, config: SubscriptionConfig) => readonly Field[])[] = [
  // Credentials of another way to authenticate do not linger.
  ({ authType }, { auth }) => (authType === undefined || authType === auth.type ? [] : CREDENTIAL_FIELDS),
  // What is stored takes the place of what was referred to, and the other way round.
  ({ signatureSecret }) => (signatureSecret === undefined ? [] : ['secretRef']),
  ({ secretRef }) => (given(secretRef) ? ['signatureSecret'] : []),
  ({ credentialRef }) => (given(credentialRef) ? ['basicPassword', 'bearerToken'] : []),
  ({ basicPassword, bearerToken, authHeader }) =>
    given(basicPassword) || given(bearerToken) || given(authHeader?.value) ? ['credentialRef'] : [],
  // What a subscription has from its profile is that of its new one.
  ({ profile }, config) => (profile === undefined || profile === config.profile ? [] : ofItsProfile(config)),
  ({ ownerKind, ownerId }) => (ownerKind === undefined && ownerId === undefined ? [] : ['owner']),
];

function ofItsProfile({ profile, timeoutMs, retry, envelope }: SubscriptionConfig): Field[] {
  const row = profiles[profile];
  const fields: Field[] = envelope === (row.envelope === null ? 'none' : 'full') ? ['envelope'] : [];
  if (timeoutMs === row.timeoutMs) fields.push('timeout');
  if (JSON.stringify(retry) === JSON.stringify(retryOf({}, profile, timeoutMs))) fields.push('retryPolicy');
  return fields;
}

/**
 * The configuration after a change, checked as a new one is. What stood before a rule came and breaks it by itself is no
 * reason to refuse a change of something else.
 * @param makeSecret as `completeSubscription` has it
 */
export function completeChange(config: SubscriptionConfig, patch: Patch, makeSecret: () => string): Completed {
  const standing = untouchedFaults(inputErrors(inputOf(config)), (field) => Object.hasOwn(patch, field));
  return completeSubscription(changedInput(config, patch), makeSecret, standing);
}

/** The stored fields with the patch over them. */
export function changedInput(config: SubscriptionConfig, patch: Patch): SubscriptionInput {
  const stored = inputOf(config);
  for (const field of rules.flatMap((rule) => rule(patch, config))) delete stored[field];
  const { authHeader } = stored;
  if (given(patch.credentialRef) && authHeader !== undefined) stored.authHeader = { name: authHeader.name };
  return {
    ...stored,
    ...patch,
    ...wholeOwner(config, patch),
    ...wholeHeader(stored, patch),
    ...wholeRetry(config, stored, patch),
  };
}

/** A header that gets another name keeps its value. */
function wholeHeader(stored: Patch, { authHeader }: Patch): Patch {
  const value = authHeader?.value ?? stored.authHeader?.value;
  return authHeader === undefined || value === undefined ? {} : { authHeader: { ...authHeader, value } };
}

/** Of the policy what is not changed stays; a maximum age that is counted follows the timeout. */
function wholeRetry({ retry, timeoutMs }: SubscriptionConfig, stored: Patch, { retryPolicy, timeout }: Patch): Patch {
  if (retryPolicy === null || (retryPolicy === undefined && timeout === undefined)) return {};
  if (stored.retryPolicy) return { retryPolicy: mergedRetry(retry, retryPolicy ?? {}, timeoutMs) };
  return retryPolicy === undefined ? {} : { retryPolicy: withoutCounted(retryPolicy, retry, timeoutMs) };
}

/** Of kind and id the one that is not changed stays. */
function wholeOwner(config: SubscriptionConfig, { ownerKind, ownerId }: Patch): Patch {
  if (ownerKind === undefined && ownerId === undefined) return {};
  const before = shownOwner(config.owner);
  return {
    ownerKind: ownerKind === undefined ? before.ownerKind : ownerKind,
    ownerId: ownerId === undefined ? before.ownerId : ownerId,
  };
}

/** The secrets of a rotation that go on beside the current one: none once somebody sets a secret, be it the same. */
export function retiringAfter(
  before: SubscriptionConfig,
  after: SubscriptionConfig,
  { signatureSecret }: Patch,
  nowMs: number,
): readonly RetiringSecret[] {
  if (before.signatureSecrets[0] !== after.signatureSecrets[0]) return [];
  const ends = signatureSecret !== undefined && liveRetiring(before, nowMs).length > 0;
  return ends ? [] : before.retiringSecrets;
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}
