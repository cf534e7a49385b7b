/** How a subscription authenticates, as a caller writes it: with the credential itself or with where it stands. */
import { headerErrors, isHeaderName, isHeaderValue, REDACTED, REDACTED_WORDS } from './header.ts';
import type { FieldError } from './problem.ts';
import type { ProfileName } from './profile.ts';
import { parseSecretReference } from './secret-reference.ts';
import { signingSecretFault } from './signing-secret.ts';
import type { Auth, SubscriptionConfig } from './subscription.ts';

export interface AuthInput {
  authType?: Auth['type'] | undefined;
  basicUsername?: string | undefined;
  basicPassword?: string | undefined;
  bearerToken?: string | undefined;
  authHeader?: { name: string; value?: string | undefined } | undefined;
  signatureSecret?: string | undefined;
  credentialRef?: string | null | undefined;
  secretRef?: string | null | undefined;
}

/** The fields that say who we are, of every way to authenticate. */
export const CREDENTIAL_FIELDS = [
  'basicUsername',
  'basicPassword',
  'bearerToken',
  'authHeader',
  'signatureSecret',
  'credentialRef',
  'secretRef',
] as const satisfies readonly (keyof AuthInput)[];

type CredentialField = (typeof CREDENTIAL_FIELDS)[number];

interface Fields {
  needed: readonly CredentialField[];
  optional: readonly CredentialField[];
}

interface Row {
  stored: Fields;
  /** With `credentialRef`; null where there is no credential to refer to. */
  referred: Fields | null;
}

/** Which fields each way of authenticating takes. */
const rows: Record<Auth['type'], Row> = {
  none: { stored: { needed: [], optional: [] }, referred: null },
  signature: { stored: { needed: [], optional: ['signatureSecret', 'secretRef'] }, referred: null },
  basic: {
    stored: { needed: ['basicUsername', 'basicPassword'], optional: [] },
    referred: { needed: [], optional: ['basicUsername'] },
  },
  bearer: { stored: { needed: ['bearerToken'], optional: [] }, referred: { needed: [], optional: [] } },
  header: { stored: { needed: ['authHeader'], optional: [] }, referred: { needed: ['authHeader'], optional: [] } },
};

/** The way that is named or, where none is, meant. */
export function authTypeOf(input: AuthInput, byDefault: Auth['type']): Auth['type'] {
  const signs = given(input.signatureSecret) || given(input.secretRef);
  return input.authType ?? (signs ? 'signature' : byDefault);
}

/** The way with its credential; what stands elsewhere is empty in it. */
export function authOf(input: AuthInput, type: Auth['type']): Auth {
  switch (type) {
    case 'none':
    case 'signature':
      return { type };
    case 'basic':
      return { type, username: input.basicUsername ?? '', password: input.basicPassword ?? '' };
    case 'bearer':
      return { type, token: input.bearerToken ?? '' };
    case 'header':
      return { type, name: input.authHeader?.name ?? '', value: input.authHeader?.value ?? '' };
  }
}

/** The credential of a configuration as it was written. */
export function authInputOf({ auth, signatureSecrets, credentialRef, secretRef }: SubscriptionConfig): AuthInput {
  return {
    authType: auth.type,
    ...credentialOf(auth, credentialRef !== null),
    ...(signatureSecrets[0] === undefined ? {} : { signatureSecret: signatureSecrets[0] }),
    credentialRef,
    secretRef,
  };
}

function credentialOf(auth: Auth, isReferred: boolean): AuthInput {
  switch (auth.type) {
    case 'none':
    case 'signature':
      return {};
    case 'basic':
      if (!isReferred) return { basicUsername: auth.username, basicPassword: auth.password };
      return auth.username === '' ? {} : { basicUsername: auth.username };
    case 'bearer':
      return isReferred ? {} : { bearerToken: auth.token };
    case 'header':
      return { authHeader: isReferred ? { name: auth.name } : { name: auth.name, value: auth.value } };
  }
}

/** What of it is no secret. A user name without a password is the credential itself: such keys exist. */
export function shownAuth({ auth, credentialRef }: Pick<SubscriptionConfig, 'auth' | 'credentialRef'>): {
  basicUsername: string | null;
  authHeader: { name: string } | null;
} {
  const isUser = auth.type === 'basic' && (credentialRef === null ? auth.password : auth.username) !== '';
  return {
    basicUsername: isUser ? auth.username : null,
    authHeader: auth.type === 'header' ? { name: auth.name } : null,
  };
}

/**
 * What is wrong with it: fields that are missing or have no effect, and credentials that cannot be sent.
 * @param owned lower-case names of headers that the subscription sends anyway
 */
export function authErrors(
  input: AuthInput,
  type: Auth['type'],
  { owned, profile }: { owned: readonly string[]; profile: ProfileName },
): FieldError[] {
  const { stored, referred } = rows[type];
  const taken = given(input.credentialRef) && referred !== null ? referred : stored;
  const missing = taken.needed.filter((field) => !given(input[field]));
  const idle = CREDENTIAL_FIELDS.filter((field) => given(input[field]) && !isTaken(field, taken, referred));
  return [
    ...missing.map((field) => fault(field, `Needed with authType "${type}".`)),
    ...idle.map((field) => fault(field, idleWords(field, input, type))),
    ...valueErrors(input, owned, profile).filter(
      ({ pointer }) => !idle.some((field) => pointer.startsWith(`/${field}`)),
    ),
  ];
}

function isTaken(field: CredentialField, { needed, optional }: Fields, referred: Fields | null): boolean {
  if (field === 'credentialRef') return referred !== null;
  return needed.includes(field) || optional.includes(field);
}

function idleWords(field: CredentialField, { credentialRef }: AuthInput, type: Auth['type']): string {
  if (field === 'credentialRef' && type === 'signature') return 'Where the signing secret stands is said by secretRef.';
  const isDouble = given(credentialRef) && rows[type].stored.needed.includes(field);
  return isDouble
    ? 'The credential is stored here or referred to by credentialRef, not both.'
    : `Has no effect with authType "${type}"; leave it out.`;
}

function valueErrors(input: AuthInput, owned: readonly string[], profile: ProfileName): FieldError[] {
  return [
    ...authHeaderErrors(input, owned),
    ...referenceErrors(input, 'credentialRef'),
    ...referenceErrors(input, 'secretRef'),
    ...literalErrors(input),
    ...secretErrors(input, profile),
  ];
}

function literalErrors(input: AuthInput): FieldError[] {
  const { bearerToken, basicUsername } = input;
  const shown = (['basicPassword', 'bearerToken'] as const).filter((field) => input[field] === REDACTED);
  const errors = shown.map((field) => fault(field, REDACTED_WORDS));
  if (bearerToken !== undefined && !isHeaderValue(bearerToken)) {
    errors.push(fault('bearerToken', 'Printable ASCII without line breaks.'));
  }
  if (basicUsername?.includes(':')) errors.push(fault('basicUsername', 'A user name holds no colon (RFC 7617).'));
  return errors;
}

function secretErrors({ signatureSecret, secretRef }: AuthInput, profile: ProfileName): FieldError[] {
  if (signatureSecret === undefined) return [];
  const message = signingSecretFault(signatureSecret, profile);
  const errors = message === null ? [] : [fault('signatureSecret', message)];
  if (!given(secretRef)) return errors;
  return [...errors, fault('secretRef', 'The secret is stored here by signatureSecret or referred to, not both.')];
}

function authHeaderErrors({ authHeader, credentialRef }: AuthInput, owned: readonly string[]): FieldError[] {
  if (authHeader === undefined) return [];
  const { name, value } = authHeader;
  if (given(credentialRef) && value !== undefined) {
    return [fault('authHeader/value', 'The value is stored here or referred to by credentialRef, not both.')];
  }
  if (!given(credentialRef) && value === undefined) {
    return [fault('authHeader/value', 'Needed with authType "header", or a credentialRef.')];
  }
  const isValueWrong = value === REDACTED || !isHeaderValue(value ?? '');
  const at = isHeaderName(name) && isValueWrong ? 'authHeader/value' : 'authHeader/name';
  return headerErrors({ [name]: value ?? '' }, owned, '').map(({ message }) => fault(at, message));
}

function referenceErrors(input: AuthInput, field: 'credentialRef' | 'secretRef'): FieldError[] {
  const reference = input[field];
  if (reference === undefined || reference === null) return [];
  const parsed = parseSecretReference(reference);
  return parsed.kind === 'refused' ? [fault(field, parsed.message)] : [];
}

function fault(field: string, message: string): FieldError {
  return { pointer: `/${field}`, message };
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}
