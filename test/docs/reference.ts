/** The reference pages as they follow from the tables of the program. */

import { FAILURES } from '../../src/core/failure/table.ts';
import { describeFailure, FAILURE_CODES, type FailureRetry, failureRetry } from '../../src/core/failure.ts';
import { problemCodes, problemPage } from '../../src/core/problem.ts';
import { type Profile, type ProfileName, profiles } from '../../src/core/profile.ts';
import { table } from './page.ts';

/** Path from the root → text. */
export const referencePages: Readonly<Record<string, () => string>> = {
  'docs/reference/errors.md': errorsPage,
  'docs/reference/failures.md': failuresPage,
  'docs/reference/profiles.md': profilesPage,
};

function errorsPage(): string {
  const head = `# Errors

Every error the API answers with is \`application/problem+json\` (RFC 9457): \`type\`, \`title\`, \`status\`, \`detail\`,
\`instance\`, and beside them \`success: false\`, \`code\`, \`remedy\`, \`agent_action\` (one sentence for an agent to put to
its user) and, where fields are at fault, \`errors\` with a \`pointer\` (RFC 6901) and a \`message\` each. The only other
error is the bare 404 of an inbound door, see [receiving](../guides/receiving.md).
`;
  const entries = problemCodes.map((code) => {
    const { status, title, remedy } = problemPage(code);
    return `## ${code}\n\n${status} ${title}.\n\n${remedy}\n`;
  });
  return [head, ...entries].join('\n');
}

const RETRIED: Record<Extract<FailureRetry, 'always' | 'never' | 'status' | 'held'>, string> = {
  always: 'always',
  never: 'never',
  status: 'as its status code says',
  held: 'nothing was sent; no try is used',
};

function retriedWords(retry: FailureRetry): string {
  switch (retry) {
    case 'always':
    case 'never':
    case 'status':
    case 'held':
      return RETRIED[retry];
    case '408':
    case '425':
    case '429':
      return `if \`retryOn\` has \`${retry}\` or \`4xx\``;
    default:
      return `if \`retryOn\` has \`${retry}\``;
  }
}

function failuresPage(): string {
  const head = `# Failures

Why a try failed: \`code\` and \`errorClass\` of an attempt or a delivery, with \`error\` (the sentence), \`cause\` and
\`remedy\` in words. In the sentences \`{name}\` is filled with what is known of the try, and text in \`[…]\` is left out
when that is not known. "Retried", unless it is always, also needs a try that is left, and an age below the maximum, see
[delivering](../guides/delivering.md#when-a-receiver-fails).
`;
  const entries = FAILURE_CODES.map((code) => {
    const { sentence, cause, remedy } = FAILURES[code];
    const { errorClass } = describeFailure(code, {});
    const lines = [`Sentence: ${sentence}`, `Cause: ${cause}`, `Remedy: ${remedy}`];
    const facts = [`- Class: \`${errorClass}\``, `- Retried: ${retriedWords(failureRetry(code))}`];
    return `## ${code}\n\n${[...lines.map((line) => `- ${line}`), ...facts].join('\n')}\n`;
  });
  return [head, ...entries].join('\n');
}

const code = (text: string) => `\`${text}\``;
const codes = (texts: readonly string[]) => texts.map(code).join(', ');
const yesNo = (is: boolean) => (is ? 'yes' : 'no');

const ENVELOPE_TIMES: Record<Profile['envelopeTime'], string> = {
  acceptance: 'when the event was accepted',
  recent:
    'when the delivery was made while that is under 4 minutes ago, else when the try fell due, else when it is sent',
};

/** A row for each field of a profile. */
const PROFILE_ROWS: readonly (readonly [string, (profile: Profile) => string])[] = [
  ['`id` of the body', ({ envelopeId }) => `id of the ${envelopeId}`],
  ['`timestamp` of the body', ({ envelopeTime }) => ENVELOPE_TIMES[envelopeTime]],
  ['own headers', ({ ownHeaders }) => codes(ownHeaders)],
  ['`authType`', ({ defaultAuth }) => code(defaultAuth)],
  ['`timeout`', ({ timeoutMs }) => `${timeoutMs} ms`],
  ['`retryPolicy.maxRetries`', ({ retry }) => `${retry.maxRetries}`],
  ['`retryPolicy.backoffType`', ({ retry }) => code(retry.backoffType)],
  ['`retryPolicy.backoffSeconds`', ({ retry }) => (retry.backoffType === 'schedule' ? '–' : `${retry.backoffSeconds}`)],
  ['`retryPolicy.scheduleSeconds`', ({ retry }) => retry.scheduleSeconds.join(', ') || '–'],
  ['`retryPolicy.jitter`', ({ retry }) => `${retry.jitter}`],
  ['`retryPolicy.retryOn`', ({ retry }) => codes(retry.retryOn)],
  ['`Retry-After` lengthens the wait', ({ retry }) => yesNo(retry.honoursRetryAfter)],
  ['holds first tries back while the receiver fails', ({ hasCircuit }) => yesNo(hasCircuit)],
  ['switched off after failed deliveries in a row', ({ autoDisable }) => disableWords(autoDisable)],
  ['410 switches the subscription off', ({ goneDisables }) => yesNo(goneDisables)],
  [
    '`webhook-delivery: abort-message` or `disable` in an answer is obeyed',
    ({ heedsReceiver }) => yesNo(heedsReceiver),
  ],
];

const HOUR_MS = 3_600_000;

function disableWords(rule: Profile['autoDisable']): string {
  if (rule === null) return 'never';
  const { threshold, minSpanMs, probes } = rule;
  const probed = probes ? '; then tried once an hour with its oldest held delivery' : '';
  return `${threshold}, the first of them at least ${minSpanMs / HOUR_MS} hours ago${probed}`;
}

function profilesPage(): string {
  const names = Object.keys(profiles) as ProfileName[];
  const rows = PROFILE_ROWS.map(([field, show]) => [field, ...names.map((name) => show(profiles[name]))]);
  return `# Profiles

A profile is the dialect a subscription is spoken to in. \`stella\` unless the subscription names another. What a
subscription says itself wins over the profile; a retry policy of its own has no jitter unless it names one.

${table(['', ...names.map(code)], rows)}

The body is \`{"id", "timestamp", "event", "tenantId", "data"}\` in both, and \`data\` alone with \`"envelope": "none"\`. The
headers \`x-stella-signature\` and \`webhook-signature\` are there with \`authType: "signature"\`;
\`x-stella-signature-next\` is kept for the rotation of secrets, which this version does not have. Every delivery also
carries \`hookyard-delivery\`, \`hookyard-attempt\`, \`hookyard-idempotency-key\`, \`hookyard-hops\` and \`traceparent\`,
an ordered one \`hookyard-sequence\` too. An \`autoDisableThreshold\` of the subscription's own decides alone.

Without \`retryPolicy.maxAgeSeconds\` a delivery is given up when it is older than its longest possible waits and
timeouts together, and an hour.
`;
}
