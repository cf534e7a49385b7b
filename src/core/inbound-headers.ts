/** What is kept of the headers a sender sent: enough to read the request again, and nothing it proves itself with. */
import { isShownHeader, REDACTED } from './header.ts';

/** Names that speak of a credential, whichever family they belong to. */
const CREDENTIAL = /signature|token|secret|passw|cookie|auth|credential|api-?key|-key$|session/;
/** Keys that say which event it is, or where it belongs: ids, by another name. */
const ID_KEY = /(?:^|-)(?:idempotency|event|dedup|partition|routing|ordering)-key$/;
/** When something was signed: senders do name that after what they sign with (`X-Signature-Timestamp`). */
const TIME = /[-_](?:time|timestamp|date)$/;
/** Attributes of CloudEvents, their extensions too (HTTP binding 1.0 §3.1.3.2). */
const ATTRIBUTE = 'ce-';

/**
 * The headers with every value replaced that could be a credential. Names are in lower case.
 * @param credentials names that hold one here, whatever they hold elsewhere; in any case
 * @param harmless names that hold none here, in any case; what sounds like a credential is hidden all the same
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
      const isShown = isKept(name) || (shown.has(name) && !isCredentialHeader(name));
      return [name, isShown && !hidden.has(name) ? value : REDACTED];
    }),
  );
}

/** Whether a header, in any case, is one that a sender proves itself with, so that no id or time can stand in it. */
export function isCredentialHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return speaksOfCredential(lower) && !TIME.test(lower);
}

function speaksOfCredential(lower: string): boolean {
  return CREDENTIAL.test(lower.replace(ID_KEY, ''));
}

function lowerCase(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

function isKept(name: string): boolean {
  return (isShownHeader(name) || name.startsWith(ATTRIBUTE)) && !speaksOfCredential(name);
}
