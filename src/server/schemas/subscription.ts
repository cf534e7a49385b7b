/** Subscriptions as the API takes and shows them. */
import { MAX_FILTERS } from '../../core/filter.ts';
import { FILTER_OPERATORS, MAX_LIST_LENGTH } from '../../core/filter-operator.ts';
import { OWNER_KINDS } from '../../core/owner-input.ts';
import { PROFILE_NAMES } from '../../core/profile.ts';
import { BACKOFF_TYPES, MAX_AGE_SECONDS, MAX_DELAY_MS, RETRY_ON } from '../../core/retry.ts';
import { VARIABLE_PREFIX } from '../../core/secret-reference.ts';
import { MAX_TIMEOUT_MS } from '../../core/subscription.ts';
import { textInput, textMap } from '../text-input.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

const AUTH_TYPES = ['none', 'basic', 'bearer', 'signature', 'header'] as const;
const MAX_RETRIES = 100;
const MAX_RATE_COUNT = 10_000;
const MAX_RATE_SECONDS = 3600;
const MAX_DISABLE_THRESHOLD = 1_000_000;
const MAX_CA_CHARACTERS = 65_536;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const delaySeconds = z
  .number()
  .min(0)
  .max(MAX_DELAY_MS / 1000);

export const filter = z
  .strictObject({
    field: z.string().min(1).max(512).openapi({
      description: 'JSONPath (RFC 9535) or dotted path: over the envelope, of a source over the fact.',
      example: 'data.environment.name',
    }),
    operator: z.enum(FILTER_OPERATORS),
    value: z.union([scalar, z.array(scalar).max(MAX_LIST_LENGTH)], {
      error: `A string, number, true, false, null, or a list of at most ${MAX_LIST_LENGTH} of these.`,
    }),
  })
  .openapi('Filter');

export const retryPolicy = z
  .strictObject({
    maxRetries: z.int().min(0).max(MAX_RETRIES).nullable().optional(),
    backoffType: z.enum(BACKOFF_TYPES).nullable().optional(),
    backoffSeconds: delaySeconds.nullable().optional(),
    scheduleSeconds: z.array(delaySeconds).max(MAX_RETRIES).nullable().optional(),
    maxAgeSeconds: z.number().min(1).max(MAX_AGE_SECONDS).nullable().optional(),
    jitter: z.number().min(0).max(1).nullable().optional(),
    retryOn: z
      .union([z.array(z.enum(RETRY_ON)), z.literal('all')], {
        error: `A list of ${RETRY_ON.join(', ')}, or "all".`,
      })
      .nullable()
      .optional(),
  })
  .openapi('RetryPolicyInput', {
    description:
      'Of a change the fields left out stay. null takes the default of a field, or of all: those of the profile.',
  });

const retryShown = z
  .object({
    maxRetries: z.int(),
    backoffType: z.enum(BACKOFF_TYPES),
    backoffSeconds: z.number().optional(),
    scheduleSeconds: z.array(z.number()).optional(),
    maxAgeSeconds: z.number(),
    jitter: z.number(),
    retryOn: z.array(z.enum(RETRY_ON)),
  })
  .openapi('RetryPolicy');

export const rateLimit = z
  .strictObject({
    count: z.int().min(1).max(MAX_RATE_COUNT),
    seconds: z.int().min(1).max(MAX_RATE_SECONDS),
  })
  .openapi('RateLimit');

/** A string map with bounded names and values. */
function stringMap(maxEntries: number, maxCharacters: number) {
  const map = z
    .record(z.string().max(128), z.string().max(maxCharacters))
    .refine((entries) => Object.keys(entries).length <= maxEntries, { error: `At most ${maxEntries} entries.` });
  return textMap(map);
}

const reference = z
  .string()
  .min(1)
  .max(1100)
  .nullable()
  .optional()
  .openapi({
    description: `Where it stands instead: \`env:${VARIABLE_PREFIX}…\`, or \`file:PATH\` below the directory of secrets. Read at each try.`,
  });

/** The fields a caller sets; `completeSubscription` checks what they mean together. */
export const subscriptionInput = z
  .strictObject({
    name: textInput(1, 200).optional().openapi({ description: 'The host of the URL unless told.' }),
    url: textInput(1, 2048).openapi({ example: 'https://api.example.com/webhooks/stella' }),
    description: textInput(0, 2000).optional(),
    metadata: stringMap(64, 1000).optional(),
    method: z.enum(['POST', 'PUT']).optional(),
    headers: textMap(z.record(z.string(), z.string())).optional(),
    authType: z.enum(AUTH_TYPES).optional(),
    basicUsername: textInput(0, 255).optional(),
    basicPassword: textInput(0, 1024).optional(),
    bearerToken: textInput(1, 4096).optional(),
    authHeader: z.strictObject({ name: z.string().min(1).max(128), value: textInput(1, 4096).optional() }).optional(),
    credentialRef: reference,
    signatureSecret: textInput(1, 1024).optional(),
    secretRef: reference,
    events: z.array(z.string()).max(200).optional(),
    filters: z.array(filter).max(MAX_FILTERS).optional(),
    retryPolicy: retryPolicy.nullable().optional(),
    timeout: z.int().min(1).max(MAX_TIMEOUT_MS).optional().openapi({ description: 'Milliseconds for one whole try.' }),
    owner: z.string().max(800).nullable().optional(),
    ownerKind: z.enum(OWNER_KINDS).nullable().optional().openapi({
      description:
        'With `ownerId` instead of `owner`; null where that is another path. Without `profile` it means `forge`.',
    }),
    ownerId: z
      .union([z.string().min(1).max(64), z.int().min(0)], { error: 'A string or a whole number.' })
      .nullable()
      .optional(),
    profile: z
      .enum(PROFILE_NAMES)
      .optional()
      .openapi({ description: '`stella` unless told, `forge` with `ownerKind`.' }),
    envelope: z.enum(['full', 'none']).optional().openapi({
      description: "`none`: the body is the event's `data` alone, as it always is for instanode, foreman and forge.",
    }),
    contentType: z.enum(['json', 'form']).optional().openapi({
      description: '`form`: `payload=` and the JSON, percent-encoded; that is what is signed.',
    }),
    sslVerification: z.boolean().optional().openapi({
      description: 'false sends to whoever answers, whatever certificate it shows; see `warnings`.',
    }),
    customCa: z.string().min(1).max(MAX_CA_CHARACTERS).nullable().optional().openapi({
      description: 'PEM of certificate authorities that are trusted besides the public ones.',
    }),
    maxConcurrency: z.int().min(1).max(1000).optional(),
    rateLimit: rateLimit.nullable().optional().openapi({
      description:
        'At most `count` requests, retries included, begin in any stretch of `seconds`; what is over it waits. null for no limit.',
    }),
    ordered: z.boolean().optional().openapi({
      description:
        'true: events of one `orderingKey` are sent one after the other, in the order they were accepted, with the header `Hookyard-Sequence`. A delivery that fails blocks its own key until it closes; other keys and events without a key go on.',
    }),
    autoDisableThreshold: z.int().min(1).max(MAX_DISABLE_THRESHOLD).nullable().optional().openapi({
      description:
        'Deliveries in a row that failed for good, or expired, after which the subscription is switched off with `disabledReason` `failures`. null: the rule of its profile.',
    }),
    enabled: z.boolean().optional().openapi({
      description:
        'The switch of a person, beside which `disabledReason` may say that the program switched it off: both must allow. false disables, which also ends a pause; true takes that back, and leaves what is paused or was switched off by the program as it is.',
    }),
  })
  .openapi('SubscriptionInput');

/** The same for a change: every field may be left out. */
export const subscriptionPatch = subscriptionInput.partial().openapi('SubscriptionPatch', {
  description: 'Read-only fields may be sent back with the value they have.',
});

/** What is said of `nextProbeAt` wherever it is shown. */
export const NEXT_PROBE =
  'By when a single delivery is tried to find out whether the receiver is there again; a retry that is due before may be it. null when no time is set that is still to come.';

/** A subscription as shown. */
export const subscriptionShown = subscriptionInput
  .omit({ basicUsername: true, basicPassword: true, bearerToken: true, authHeader: true, signatureSecret: true })
  .required()
  .extend({
    id: uuid,
    tenantId: uuid,
    retryPolicy: retryShown,
    basicUsername: z.string().nullable().openapi({ description: 'null without one, and where it has no password.' }),
    authHeader: z.object({ name: z.string() }).nullable().openapi({ description: 'Without its value.' }),
    hasSignatureSecret: z.boolean(),
    signatureSecretFingerprint: z.string().nullable().openapi({
      description:
        'Twelve hex digits, the same for equal secrets of one tenant, for telling which secret signs. Keyed with the active sealing key, with which they change. null without a secret, or with `secretRef`.',
    }),
    oldSecretsUntil: time.nullable().openapi({
      description: 'Until when secrets that a rotation replaced sign beside the new one; null without a rotation.',
    }),
    warnings: z.array(z.string()).openapi({ description: 'What a person should know of these settings.' }),
    signatureSecret: z
      .string()
      .optional()
      .openapi({ description: 'Shown once: in the answer to the request that made Hookyard generate it.' }),
    state: z.enum(['active', 'paused', 'disabled']).openapi({
      description: '`paused`: events still become deliveries, which are held. `disabled`: they do not.',
    }),
    pausedAt: time.nullable().openapi({ description: 'When the pause that lasts began; null unless paused.' }),
    disabledAt: time.nullable().openapi({ description: 'When it was switched off; null unless disabled.' }),
    disabledReason: z.enum(['user', 'gone', 'failures']).nullable().openapi({
      description:
        '`user`: by a person. `gone`: its receiver answered 410 or asked for it. `failures`: too many deliveries in a row failed.',
    }),
    consecutiveFailures: z
      .int()
      .openapi({ description: 'Deliveries in a row that failed for good or expired; cancelled ones and tests apart.' }),
    lastDelivery: time.nullable().openapi({
      description: 'When something was sent last, tests apart. Under load this and the next three are up to 5 s old.',
    }),
    lastStatus: z.int().nullable().openapi({ description: 'HTTP status of the answer to it; null when none came.' }),
    lastSuccessAt: time.nullable(),
    lastFailureAt: time
      .nullable()
      .openapi({ description: 'Of the last try that failed, or of giving up without one.' }),
    circuit: z
      .object({
        state: z.enum(['closed', 'open']),
        since: time.nullable().openapi({ description: 'When it opened; null while it is closed.' }),
        nextProbeAt: time.nullable().openapi({ description: NEXT_PROBE }),
      })
      .nullable()
      .optional()
      .openapi({
        description:
          'Whether its receiver fails, so that first tries are held back: not shown in lists. null while it is paused or disabled, and under a profile that always sends.',
      }),
    createdAt: time,
    updatedAt: time,
    createdBy: z.string().nullable(),
    version: z.int().openapi({ description: 'Also the ETag, in quotes.' }),
    missingKeyId: z
      .string()
      .nullable()
      .openapi({ description: 'The sealing key missing from the keyring; the configuration cannot be shown then.' }),
  })
  .partial({
    name: true,
    url: true,
    description: true,
    metadata: true,
    method: true,
    headers: true,
    authType: true,
    basicUsername: true,
    authHeader: true,
    events: true,
    filters: true,
    retryPolicy: true,
    timeout: true,
    owner: true,
    ownerKind: true,
    ownerId: true,
    profile: true,
    envelope: true,
    contentType: true,
    sslVerification: true,
    customCa: true,
    credentialRef: true,
    secretRef: true,
    maxConcurrency: true,
    rateLimit: true,
    ordered: true,
    autoDisableThreshold: true,
    hasSignatureSecret: true,
    signatureSecretFingerprint: true,
    oldSecretsUntil: true,
    warnings: true,
  })
  .openapi('Subscription');
