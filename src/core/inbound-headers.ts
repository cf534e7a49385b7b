/** What is kept of the headers a sender sent: enough to read the request again, and nothing it proves itself with. */
import { isShownHeader, REDACTED } from './header.ts';

/** Names that speak of a credential, whichever family they belong to. */
const CREDENTIAL = /signature|token|secret|passw|cookie|auth|credential|api-?key|session/;
/** Attributes of CloudEvents, their extensions too (HTTP binding 1.0 §3.1.3.2). */
const ATTRIBUTE = 'ce-';

/**
 * The headers with every value replaced that could be a credential. Names are in lower case.
 * @param credentials names that hold one here, whatever they hold elsewhere; in any case
 * @param harmless names that hold none here, in any case
 */
export function keptHeaders(
  headers: Readonly<Record<string, string>>,
  credentials: readonly string[],
  harmless: readonly string[] = [],
): Record<string, string> {
  const hidden = lowerCase(credentials);
  const shown = lowerCase(harmless);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      return [name, (isKept(name) || shown.has(name)) && !hidden.has(name) ? value : REDACTED];
    }),
  );
}

function lowerCase(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

function isKept(name: string): boolean {
  return (isShownHeader(name) || name.startsWith(ATTRIBUTE)) && !CREDENTIAL.test(name);
}
