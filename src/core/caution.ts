import { isLoadable, UNLOADABLE_WORDS } from './signing-secret.ts';
import type { SubscriptionConfig } from './subscription.ts';

interface Caution {
  applies(config: SubscriptionConfig): boolean;
  words: string;
}

const UNVERIFIED =
  'The certificate of this receiver is not verified: whoever stands on the way can read and change what is sent. ' +
  'Trust its authority by customCa instead.';

const CAUTIONS: readonly Caution[] = [
  { applies: ({ sslVerification }) => !sslVerification, words: UNVERIFIED },
  {
    applies: ({ sslVerification, customCa }) => !sslVerification && customCa !== null,
    words: 'customCa has no effect while sslVerification is false.',
  },
  {
    applies: ({ profile, signatureSecrets }) => profile === 'stella' && !signatureSecrets.every(isLoadable),
    words: `The headers webhook-* cannot be verified with this signing secret. ${UNLOADABLE_WORDS}`,
  },
];

/** What a person should know of settings that are accepted all the same, in sentences. */
export function cautionsOf(config: SubscriptionConfig): string[] {
  return CAUTIONS.filter(({ applies }) => applies(config)).map(({ words }) => words);
}
