/** Sources as the API takes and shows them. */
import { PRESET_NAMES } from '../../core/signature/schemes.ts';
import { SOURCE_TYPES } from '../../core/source.ts';
import { textInput } from '../text-input.ts';
import { z } from './zod.ts';

const sourceType = z
  .string()
  .max(64)
  .openapi({ enum: Object.keys(SOURCE_TYPES) });

const scheme = z
  .strictObject({
    type: z
      .string()
      .max(64)
      .openapi({ enum: [...PRESET_NAMES] }),
    header: z.string().min(1).max(128).optional(),
    prefix: z.string().max(64).optional(),
    encoding: z
      .string()
      .max(16)
      .optional()
      .openapi({ enum: ['hex', 'base64'] }),
  })
  .openapi('Scheme');

/** The fields a caller sets. */
export const sourceInput = z
  .strictObject({
    type: sourceType,
    name: textInput(1, 200).optional(),
    description: textInput(0, 2000).optional(),
    scheme: scheme.optional(),
    secret: z.string().min(1).max(1024).optional(),
    signatureHeader: z.string().min(1).max(128).optional().openapi({ description: 'The same as `scheme.header`.' }),
    signatureAlgorithm: z
      .enum(['hmac-sha256', 'hmac-sha1'])
      .optional()
      .openapi({ description: 'The same as `scheme.type` for a keyed hash.' }),
    registry: z.string().max(255).nullable().optional().openapi({ example: 'harbor.example.com' }),
    timeZone: z.string().max(64).nullable().optional().openapi({ example: 'Europe/Berlin' }),
    enabled: z.boolean().optional(),
  })
  .openapi('SourceInput');

/** The same for a change. */
export const sourcePatch = sourceInput.partial().openapi('SourcePatch', {
  description: 'Read-only fields may be sent back with the value they have.',
});

const time = z.string().openapi({ format: 'date-time' });

/** A source as shown. */
export const sourceShown = z
  .object({
    id: z.string().openapi({ format: 'uuid' }),
    tenantId: z.string().openapi({ format: 'uuid' }),
    type: sourceType.optional(),
    group: z.enum(['registry-push']).optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    scheme: scheme.optional(),
    hasSecret: z.boolean().optional(),
    secret: z.string().optional().openapi({ description: 'Shown once, when Hookyard generated it.' }),
    registry: z.string().nullable().optional(),
    timeZone: z.string().nullable().optional(),
    urls: z
      .object({
        typed: z.string().optional().openapi({ description: 'Absent where only the secret URL is a door.' }),
        secret: z.string().optional().openapi({ description: 'For keys with role admin.' }),
      })
      .optional(),
    enabled: z.boolean(),
    createdAt: time,
    updatedAt: time,
    createdBy: z.string().nullable(),
    version: z.int(),
    missingKeyId: z.string().nullable(),
  })
  .openapi('Source');
