/** The reference pages as they follow from the tables of the program. */

import { ENDING, FAILURES, type FailureRow } from '../../src/core/failure/table.ts';
import { describeFailure, FAILURE_CODES, type FailureRetry, failureRetry } from '../../src/core/failure.ts';
import { problemCodes, problemPage } from '../../src/core/problem.ts';
import { type Envelope, type HeaderFact, type Profile, type ProfileName, profiles } from '../../src/core/profile.ts';
import { mistakesPage } from './mistakes.ts';
import { table } from './page.ts';

/** Path from the root → text. */
export const referencePages: Readonly<Record<string, () => string>> = {
  'docs/reference/errors.md': errorsPage,
  'docs/reference/failures.md': failuresPage,
  'docs/reference/mistakes.md': mistakesPage,
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

const RETRIED: Record<Extract<FailureRetry, 'always' | 'never' | 'held'>, string> = {
  always: 'always',
  never: 'never',
  held: 'nothing was sent; no try is used',
};

function retriedWords(retry: FailureRetry): string {
  switch (retry) {
    case 'always':
    case 'never':
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

Behind its sentence a try says so where more was answered than is kept, and where it ended its delivery although tries
were left, as the policy or the receiver wanted: \`${ENDING.sentence.trim()}\`
`;
  const entries = FAILURE_CODES.map((code) => {
    const row: FailureRow = FAILURES[code];
    const { errorClass } = describeFailure(code, {});
    const lines = row.without ? [...wordsOf(row), ...wordsOf(row.without, row.without.fact)] : wordsOf(row);
    const facts = [`- Class: \`${errorClass}\``, `- Retried: ${retriedWords(failureRetry(code))}`];
    return `## ${code}\n\n${[...lines.map((line) => `- ${line}`), ...facts].join('\n')}\n`;
  });
  return [head, ...entries].join('\n');
}

type Words = Pick<FailureRow, 'sentence' | 'cause' | 'remedy'>;

function wordsOf({ sentence, cause, remedy }: Words, without?: string): string[] {
  const when = without === undefined ? '' : ` without \`{${without}}\``;
  return [`Sentence${when}: ${sentence}`, `Cause${when}: ${cause}`, `Remedy${when}: ${remedy}`];
}

const code = (text: string) => `\`${text}\``;
const codes = (texts: readonly string[]) => texts.map(code).join(', ');
const yesNo = (is: boolean) => (is ? 'yes' : 'no');

const ENVELOPE_TIMES: Record<Envelope['time'], string> = {
  acceptance: 'when the event was accepted',
  recent:
    'when the delivery was made while that is under 4 minutes ago, else when the try fell due, else when it is sent',
};

const HEADER_FACTS: Record<HeaderFact, string> = {
  event: 'type of the event',
  delivery: 'id of the delivery',
  time: '`timestamp` of the body',
  idempotency_key: 'idempotency key',
};

const WEBHOOK_HEADERS: Record<Profile['standardWebhooks'], string> = {
  always: 'yes',
  signed: 'with `authType: "signature"`',
  never: 'no',
};

/** A row for each field of a profile. */
const PROFILE_ROWS: readonly (readonly [string, (profile: Profile) => string])[] = [
  ['body', ({ envelope }) => (envelope === null ? "the event's `data`" : 'the envelope')],
  ['`id` of the envelope', ({ envelope }) => (envelope === null ? '–' : `id of the ${envelope.id}`)],
  ['`timestamp` of the envelope', ({ envelope }) => (envelope === null ? '–' : ENVELOPE_TIMES[envelope.time])],
  ['`contentType`', ({ contentTypes }) => codes(contentTypes)],
  ['own headers', ({ facts }) => facts.map(([name, fact]) => `${code(name)}: ${HEADER_FACTS[fact]}`).join('; ') || '–'],
  ['signature of the body', ({ bodySignature }) => signatureWords(bodySignature)],
  [
    '`webhook-id`, `webhook-timestamp`, `webhook-signature`',
    ({ standardWebhooks }) => WEBHOOK_HEADERS[standardWebhooks],
  ],
  [
    'idempotency key of a redelivery or test',
    ({ repeatsWithoutEvent }) => (repeatsWithoutEvent ? 'made without the event id' : 'that of the first delivery'),
  ],
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

function signatureWords(signature: Profile['bodySignature']): string {
  if (signature === null) return '–';
  const { header, prefix } = signature;
  return `${code(header)}: ${prefix === '' ? '' : `${code(prefix)} and `}hex`;
}

function disableWords(rule: Profile['autoDisable']): string {
  if (rule === null) return 'never';
  const { threshold, minSpanMs, probes } = rule;
  const probed = probes ? '; then tried once an hour with its oldest held delivery' : '';
  const span = minSpanMs === 0 ? '' : `, the first of them at least ${minSpanMs / HOUR_MS} hours ago`;
  return `${threshold}${span}${probed}`;
}

function profilesPage(): string {
  const names = Object.keys(profiles) as ProfileName[];
  const rows = PROFILE_ROWS.map(([field, show]) => [field, ...names.map((name) => show(profiles[name]))]);
  return `# Profiles

A profile is the dialect a subscription is spoken to in. \`stella\` unless the subscription names another, \`forge\` when
it is owned by \`ownerKind\` and \`ownerId\`. What a subscription says itself wins over the profile; a retry policy of its
own has no jitter unless it names one. A subscription that gets another profile keeps what somebody set and takes the
rest from the new one.

${table(['', ...names.map(code)], rows)}

The envelope is \`{"id", "timestamp", "event", "tenantId", "data"}\`; \`"envelope": "none"\` leaves \`data\` alone. As a form
the body is \`payload=\` and that JSON, percent-encoded, and the form is what is signed.

Signatures are there with \`authType: "signature"\`. \`webhook-signature\` is \`v1,\` and base64 of the HMAC-SHA256 over
\`webhook-id.webhook-timestamp.body\`; its key is what \`whsec_\` stands before, decoded from base64, or else the bytes of
the secret. A signature of the body is its HMAC-SHA256 in lower-case hex; its key is the bytes of the secret as they
are, \`whsec_\` included.

While a rotation of the secret lasts, \`webhook-signature\` has the signatures of all secrets, the newest first. A
signature of the body is made with the oldest one; that of the newest stands in a header of the same name and \`-next\`.

Every delivery also carries \`hookyard-delivery\`, \`hookyard-attempt\`, \`hookyard-idempotency-key\`, \`hookyard-hops\` and
\`traceparent\`, an ordered one \`hookyard-sequence\` too. Apart from these, and from the times above, a retry is the same
bytes. The idempotency key is the hex SHA-256 of \`data\`, the id of the subscription and the id of the event. An
\`autoDisableThreshold\` of the subscription's own decides alone.

Without \`retryPolicy.maxAgeSeconds\` a delivery is given up when it is older than its longest possible waits and
timeouts together, and an hour.
`;
}
