/**
 * References to values that stand outside the store. Whoever may write a subscription chooses the name, so a name
 * reaches only what the operator set aside for this: variables of one prefix, and files below one directory.
 */

/** Variables whose names begin so may be referred to. */
export const VARIABLE_PREFIX = 'HOOKYARD_SECRET_';

export type SecretReference =
  | { kind: 'env'; name: string }
  /** Below the directory of secrets: relative to it, or absolute. */
  | { kind: 'file'; path: string };

/** A reference that leads nowhere, and why. */
export interface Lack {
  reference: string;
  reason: string;
}

const VARIABLE = new RegExp(`^${VARIABLE_PREFIX}[A-Za-z0-9_]{1,200}$`);
const MAX_PATH_CHARS = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no path may hold
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Reads a reference, or says what is wrong with it. Whether its value is there is asked at each try. */
export function parseSecretReference(text: string): SecretReference | { kind: 'refused'; message: string } {
  const [scheme = ''] = text.split(':', 1);
  const rest = text.slice(scheme.length + 1);
  switch (scheme) {
    case 'env':
      if (VARIABLE.test(rest)) return { kind: 'env', name: rest };
      return refused(`Only variables whose names begin with ${VARIABLE_PREFIX} can be referred to${cureOf(rest)}.`);
    case 'file':
      if (isPath(rest)) return { kind: 'file', path: rest };
      return refused('A path below the directory of secrets (--secrets), without "..", up to 1024 characters.');
    case 'vault':
      return refused('References to a vault are not supported in this version; use env:NAME or file:PATH.');
    default:
      return refused(`env:${VARIABLE_PREFIX}… or file:PATH.`);
  }
}

/** What to call a variable that cannot be referred to by the name it has. */
function cureOf(name: string): string {
  const prefixed = VARIABLE_PREFIX + name;
  return !name.startsWith(VARIABLE_PREFIX) && VARIABLE.test(prefixed)
    ? `: call it ${prefixed}, and write env:${prefixed}`
    : '';
}

function isPath(path: string): boolean {
  if (path.trim() === '' || path.length > MAX_PATH_CHARS || CONTROL.test(path)) return false;
  return !path.split(/[/\\]/).includes('..');
}

function refused(message: string): { kind: 'refused'; message: string } {
  return { kind: 'refused', message };
}
