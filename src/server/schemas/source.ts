/** Sources as the API takes and shows them. */
import { MAX_FILTERS } from '../../core/filter.ts';
import { MAPPED_FIELDS } from '../../core/mapping.ts';
import { MAX_GRACE_SECONDS } from '../../core/retiring.ts';
import { DEFAULT_GRACE_SECONDS } from '../../core/rotation.ts';
import { VARIABLE_PREFIX } from '../../core/secret-reference.ts';
import { COVERS, PRESET_NAMES } from '../../core/signature/schemes.ts';
import { GROUP_ROUTES, SOURCE_TYPES } from '../../core/source.ts';
import { textInput } from '../text-input.ts';
import { filter, rateLimit, retryPolicy } from './subscription.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

const MAX_NETWORKS = 100;
const MAX_PATH_CHARACTERS = 512;

const sourceType = z
  .string()
  .max(64)
  .openapi({ enum: Object.keys(SOURCE_TYPES) });

const headerName = z.string().min(1).max(128);

const scheme = z
  .strictObject({
    type: z
      .string()
      .max(64)
      .openapi({ enum: [...PRESET_NAMES] }),
    header: headerName.optional(),
    prefix: z.string().max(64).optional(),
    encoding: z
      .string()
      .max(16)
      .optional()
      .openapi({ enum: ['hex', 'base64'] }),
    covers: z
      .string()
      .max(32)
      .optional()
      .openapi({ enum: [...COVERS], description: 'What is signed; `body` unless told.' }),
    timestampHeader: headerName.optional(),
    idHeader: headerName.optional(),
    toleranceSeconds: z
      .number()
      .optional()
      .openapi({ description: 'How old, or how far ahead, the timestamp may be.' }),
  })
  .openapi('Scheme');

const path = z.string().min(1).max(MAX_PATH_CHARACTERS);

const mapping = z
  .strictObject(Object.fromEntries(MAPPED_FIELDS.map((field) => [field, path.optional()])))
  .openapi('Mapping', { description: 'Where each field stands in the payload: a JSONPath (RFC 9535) or dotted path.' });

/** The fields a caller sets; `completeSource` checks what they mean together. */
export const sourceInput = z
  .strictObject({
    type: sourceType,
    name: textInput(1, 200).optional(),
    description: textInput(0, 2000).optional(),
    integrationId: textInput(0, 200).nullable().optional().openapi({
      description:
        'Your own reference, for a setup in another system: kept and shown, without any effect. null for none.',
    }),
    scheme: scheme.optional(),
    secret: textInput(1, 1024).optional(),
    secretRef: z
      .string()
      .min(1)
      .max(1100)
      .nullable()
      .optional()
      .openapi({
        description: `Where the secret stands instead: \`env:${VARIABLE_PREFIX}…\`, or \`file:PATH\` below the directory of secrets. Read at each request.`,
      }),
    signatureHeader: headerName.optional().openapi({ description: 'The same as `scheme.header`.' }),
    signatureAlgorithm: z
      .enum(['hmac-sha256', 'hmac-sha1'])
      .optional()
      .openapi({ description: 'The same as `scheme.type` for a keyed hash.' }),
    registry: z.string().max(255).nullable().optional().openapi({ example: 'harbor.example.com' }),
    timeZone: z.string().max(64).nullable().optional().openapi({ example: 'Europe/Berlin' }),
    filters: z.array(filter).max(MAX_FILTERS).optional().openapi({
      description:
        'Rules on each fact (`tag`, `repository`, …) and, below `$.body`, on the raw payload. A fact that fails one makes no event; the request is kept.',
    }),
    mapping: mapping.nullable().optional(),
    ipAllowList: z
      .array(z.string().min(1).max(64))
      .max(MAX_NETWORKS)
      .optional()
      .openapi({
        description: 'Addresses and networks it may come from; empty = anywhere. Others get the 404 of a wrong URL.',
        example: ['203.0.113.7', '10.0.0.0/8'],
      }),
    maxBodyBytes: z.int().min(1).nullable().optional().openapi({
      description: 'The largest body it takes; null: the limit of the instance, which is the most it can be.',
    }),
    rateLimit: rateLimit.nullable().optional().openapi({
      description:
        'At most `count` proved requests in any stretch of `seconds`; more get 429 and are not kept. Each process counts its own. null for no limit.',
    }),
    retryPolicy: retryPolicy.nullable().optional().openapi({
      description:
        'How its effects are tried again. All effects of this version are stored with the request itself, in one transaction, and are never tried again; it is kept for those that will be.',
    }),
    enabled: z.boolean().optional(),
  })
  .openapi('SourceInput');

/** The same for a change. */
export const sourcePatch = sourceInput.partial().openapi('SourcePatch', {
  description: 'Read-only fields may be sent back with the value they have.',
});

/** A source as shown. */
export const sourceShown = z
  .object({
    id: uuid,
    tenantId: uuid,
    ...sourceInput.omit({ secret: true, signatureHeader: true, signatureAlgorithm: true, enabled: true }).partial()
      .shape,
    groups: z
      .array(z.enum(Object.keys(GROUP_ROUTES)))
      .optional()
      .openapi({
        description: 'On whose routes it answers; the first is its own.',
      }),
    hasSecret: z.boolean().optional(),
    secret: z.string().optional().openapi({ description: 'Shown once, when Hookyard generated it.' }),
    oldSecretsUntil: time.nullable().optional().openapi({
      description:
        'Until when secrets that a rotation replaced prove senders beside the new one; null without a rotation.',
    }),
    oldUrlsUntil: time.nullable().optional().openapi({
      description:
        'Until when secret URLs that were replaced with a grace lead here beside the new one; null without one.',
    }),
    warnings: z.array(z.string()).optional().openapi({ description: 'What one should know of these settings.' }),
    urls: z
      .object({
        typed: z.string().optional().openapi({ description: 'Absent where only the secret URL is a door.' }),
        alternatives: z.array(z.string()).optional().openapi({ description: 'The same door by its other groups.' }),
        secret: z.string().optional().openapi({ description: 'For keys with role admin.' }),
      })
      .optional(),
    enabled: z.boolean(),
    pausedAt: time
      .nullable()
      .optional()
      .openapi({ description: 'Since when it accepts and holds; null unless paused.' }),
    createdAt: time,
    updatedAt: time,
    createdBy: z.string().nullable(),
    version: z.int(),
    missingKeyId: z.string().nullable(),
  })
  .openapi('Source');

const graceSeconds = z.int().min(0).max(MAX_GRACE_SECONDS).optional();

/** What `POST …/regenerate-url` takes. */
export const regenerateInput = z
  .strictObject({
    graceSeconds: graceSeconds.openapi({
      description: 'How long the old URL goes on; 0 unless told, which ends it at once and earlier ones with it.',
    }),
    keepCurrent: z.boolean().optional().openapi({
      description: 'true: makes no new URL, and ends at once those that the one in use has replaced. Takes no grace.',
    }),
  })
  .refine(({ keepCurrent, graceSeconds }) => !keepCurrent || !graceSeconds, {
    path: ['graceSeconds'],
    error: 'With `keepCurrent` the old URLs end at once: leave it out.',
  })
  .openapi('UrlRegeneration');

/** What `POST …/secret/rotate` takes. */
export const sourceRotationInput = z
  .strictObject({
    graceSeconds: graceSeconds.openapi({
      description: `How long the old secret goes on proving senders; ${DEFAULT_GRACE_SECONDS} unless told. 0 ends it at once, and those of earlier rotations with it; to the \`secret\` in use it ends the old ones alone.`,
    }),
    secret: textInput(1, 1024).optional().openapi({
      description: 'The new secret; one is generated unless told.',
    }),
  })
  .openapi('SourceSecretRotation');
