/** Why a try failed, in words: one table read by the API, the page, the command line and the docs. */
import { bracketed } from './address/policy.ts';
import { causeOfRule } from './address/refusal.ts';
import { ENDING, FAILURES, type FailureGroup, type FailureRetry, type FailureRow } from './failure/table.ts';

export type { FailureGroup, FailureRetry };

/** Every way in which a try can fail. */
export type FailureCode = keyof typeof FAILURES;

/** All codes, in the order of the table. */
export const FAILURE_CODES = Object.keys(FAILURES) as readonly FailureCode[];

/** What the facts lack reads as one of these, so that a sentence is whole without them. */
const FALLBACKS: Readonly<Record<string, string>> = {
  host: 'this host',
  endpoint: 'the receiver',
  status: 'an error status',
  reason: 'it was stopped',
};

const SEGMENT = /\[([^\]]*)\]/g;
const PLACEHOLDER = /\{(\w+)\}/g;

function fill(template: string, facts: Readonly<Record<string, string>>): string {
  const fact = (name: string) => (Object.hasOwn(facts, name) ? facts[name] : undefined);
  const present = (segment: string) => [...segment.matchAll(PLACEHOLDER)].every(([, name = '']) => fact(name));
  const text = template
    .replace(SEGMENT, (_, segment: string) => (present(segment) ? segment : ''))
    .replace(PLACEHOLDER, (_, name: string) => fact(name) || (FALLBACKS[name] ?? 'unknown'));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A failure as the API shows it. */
export interface FailureText {
  code: FailureCode;
  errorClass: FailureGroup;
  /** One sentence with the facts of this attempt. */
  error: string;
  cause: string;
  remedy: string;
}

/** Address and port as one word: an IPv6 address stands in brackets before a port (RFC 3986 §3.2.2). */
function withEndpoint(facts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { ip, port } = facts;
  return ip ? { ...facts, endpoint: port ? `${bracketed(ip)}:${port}` : ip } : facts;
}

/**
 * A failure in words. `facts` fill the sentences; those that are absent are left out of them. The address gate's own
 * `message` and `remedy`, where the facts have them, take the place of the row's text, so that a refusal reads the
 * same at create, test and delivery.
 */
export function describeFailure(code: FailureCode, facts: Readonly<Record<string, string>>): FailureText {
  const row: FailureRow = FAILURES[code];
  const { sentence, cause, remedy } = row.without && !facts[row.without.fact] ? row.without : row;
  const known = withEndpoint(facts);
  const blocked = code === 'ssrf_blocked';
  return {
    code,
    errorClass: row.group,
    error: (blocked && facts.message) || fill(sentence + ENDING.sentence, known),
    cause: (blocked && causeOfRule(facts.rule)) || fill(cause, known),
    remedy: (blocked && facts.remedy) || fill(remedy + ENDING.remedy, known),
  };
}

/** When a failure is tried again. */
export function failureRetry(code: FailureCode): FailureRetry {
  return FAILURES[code].retry;
}

/** The failure an HTTP status means; null for 2xx. */
export function failureOfStatus(status: number): FailureCode | null {
  if (!Number.isInteger(status) || status < 200 || status > 599) return 'protocol_error';
  if (status < 300) return null;
  if (status < 400) return 'redirect_refused';
  if (status >= 500) return 'http_5xx';
  const own = `http_${status}`;
  return isFailureCode(own) ? own : 'http_4xx';
}

/** True for a code of the table. */
export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}
