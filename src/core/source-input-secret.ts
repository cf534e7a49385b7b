/** The secret of a source as a caller writes it: the secret itself, or where it stands. */
import type { FieldError } from './problem.ts';
import { parseSecretReference } from './secret-reference.ts';
import type { Scheme } from './signature/schemes.ts';
import { needsSecret, secretFault } from './source-secrets.ts';

export interface SourceSecretInput {
  secret?: string | undefined;
  /** Where it is read from at each request: `env:NAME`, `file:PATH`. */
  secretRef?: string | null | undefined;
}

/** What is wrong with it under a scheme; null for one that is wrong itself. */
export function secretErrors({ secret, secretRef = null }: SourceSecretInput, scheme: Scheme | null): FieldError[] {
  if (scheme !== null && !needsSecret(scheme)) {
    const message = `Has no effect with scheme "${scheme.type}"; leave it out.`;
    const given = [...(secret === undefined ? [] : ['/secret']), ...(secretRef === null ? [] : ['/secretRef'])];
    return given.map((pointer) => ({ pointer, message }));
  }
  const fault = secret === undefined ? null : secretFault(secret, scheme);
  const errors = fault === null ? [] : [{ pointer: '/secret', message: fault }];
  const message = secretRef === null ? null : referenceFault(secretRef, secret !== undefined);
  return message === null ? errors : [...errors, { pointer: '/secretRef', message }];
}

function referenceFault(secretRef: string, isStored: boolean): string | null {
  if (isStored) return 'The secret is stored here by `secret` or referred to, not both.';
  const reference = parseSecretReference(secretRef);
  return reference.kind === 'refused' ? reference.message : null;
}
