const MIN_CHARACTERS = 24;
const MIN_DIFFERENT = 10;
const ALLOWED = /^[A-Za-z0-9._~+/-]+=*$/;
/** Words that stand in documentation in place of a key. */
const EXAMPLES = /example|changeme|change-me|your[-_]?(api[-_]?)?key|placeholder|insert|replace|12345678|abcdefgh/i;

/** Why a key given from outside is refused; null when it may be used. The text never holds the key. */
export function apiKeyFault(key: string): string | null {
  if (key.length < MIN_CHARACTERS) return `is shorter than ${MIN_CHARACTERS} characters`;
  if (key.length > 512) return 'is longer than 512 characters';
  if (!ALLOWED.test(key)) return 'holds characters that do not fit into an Authorization header (RFC 6750)';
  if (EXAMPLES.test(key) || new Set(key).size < MIN_DIFFERENT) return 'looks like an example, not like a random key';
  return null;
}
