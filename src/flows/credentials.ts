import { cautionsOf } from '../core/caution.ts';
import { credentialFault, hasReferences, type Referred, secretFault, withReferred } from '../core/credential.ts';
import type { Lack } from '../core/secret-reference.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { Ports } from '../ports.ts';
import type { LiveSubscription } from './configuration.ts';

/** A configuration that can be used, or what it lacks. */
export type Credentials = { kind: 'ready'; config: SubscriptionConfig } | ({ kind: 'missing' } & Lack);

type Looked = { kind: 'value'; value: string | null } | Extract<Credentials, { kind: 'missing' }>;

/** What came of a stored configuration last. */
interface Completed {
  referred: Referred;
  config: SubscriptionConfig;
}

const completed = new WeakMap<SubscriptionConfig, Completed>();

/** Reads what a configuration refers to, as it stands now, and puts it in its place. */
export async function findCredentials(
  { secretReferences }: Pick<Ports, 'secretReferences'>,
  config: SubscriptionConfig,
): Promise<Credentials> {
  const look = async (reference: string | null, faultOf: (value: string) => string | null): Promise<Looked> => {
    if (reference === null) return { kind: 'value', value: null };
    const read = await secretReferences.read(reference);
    const reason = read.kind === 'missing' ? read.reason : faultOf(read.value);
    return read.kind === 'value' && reason === null ? read : { kind: 'missing', reference, reason: reason ?? '' };
  };
  const credential = await look(config.credentialRef, (value) => credentialFault(config.auth, value));
  if (credential.kind === 'missing') return credential;
  const secret = await look(config.secretRef, (value) => secretFault(value, config.profile));
  if (secret.kind === 'missing') return secret;
  return { kind: 'ready', config: completedWith(config, { credential: credential.value, secret: secret.value }) };
}

/** One object for as long as the values stay the same, so that what is worked out of it is worked out once. */
function completedWith(config: SubscriptionConfig, referred: Referred): SubscriptionConfig {
  const last = completed.get(config);
  const isSame = last?.referred.credential === referred.credential && last.referred.secret === referred.secret;
  if (last !== undefined && isSame) return last.config;
  const next = { referred, config: withReferred(config, referred) };
  completed.set(config, next);
  return next.config;
}

/** A subscription that is to be shown, with what it lacks now, or what is to be known of what it refers to. */
export async function withLack(
  ports: Pick<Ports, 'secretReferences'>,
  subscription: LiveSubscription,
): Promise<LiveSubscription> {
  const { config } = subscription;
  if (config === null || !hasReferences(config)) return subscription;
  const found = await findCredentials(ports, config);
  if (found.kind === 'ready') return { ...subscription, cautions: cautionsOf(found.config) };
  return { ...subscription, lacks: { reference: found.reference, reason: found.reason } };
}
