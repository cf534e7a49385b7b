/** Credentials and signing secrets that a configuration only refers to, put in their places. */
import { isHeaderValue } from './header.ts';
import type { ProfileName } from './profile.ts';
import { signingSecretFault } from './signing-secret.ts';
import type { Auth, SubscriptionConfig } from './subscription.ts';

/** What the references of a configuration stand for; null for one it does not have. */
export interface Referred {
  credential: string | null;
  secret: string | null;
}

/** Whether a configuration can only be used with values that stand elsewhere. */
export function hasReferences({ credentialRef, secretRef }: SubscriptionConfig): boolean {
  return credentialRef !== null || secretRef !== null;
}

/** The configuration as if the values were stored in it. */
export function withReferred(config: SubscriptionConfig, { credential, secret }: Referred): SubscriptionConfig {
  return {
    ...config,
    auth: credential === null ? config.auth : authWith(config.auth, credential),
    signatureSecrets: secret === null ? config.signatureSecrets : [secret],
  };
}

/** With `basic` the value is the password of the user that is named, or `user:password` when none is. */
function authWith(auth: Auth, credential: string): Auth {
  switch (auth.type) {
    case 'none':
    case 'signature':
      return auth;
    case 'basic': {
      if (auth.username !== '') return { ...auth, password: credential };
      const [username = '', ...rest] = credential.split(':');
      return { ...auth, username, password: rest.join(':') };
    }
    case 'bearer':
      return { ...auth, token: credential };
    case 'header':
      return { ...auth, value: credential };
  }
}

/** What keeps a value from being the credential of `auth`; null when nothing does. Never holds the value. */
export function credentialFault(auth: Auth, credential: string): string | null {
  const isSentAsItIs = auth.type === 'bearer' || auth.type === 'header';
  return isSentAsItIs && !isHeaderValue(credential) ? 'it cannot stand in a header: printable ASCII only' : null;
}

/** What keeps a value from signing for a profile, of which a stored one would be refused; null when nothing does. */
export function secretFault(secret: string, profile: ProfileName): string | null {
  const fault = signingSecretFault(secret, profile);
  return fault === null ? null : `it is no signing secret (${fault.replace(/\.$/, '')})`;
}
