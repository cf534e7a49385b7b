/** Receipts as the API shows them, and what senders are told. */
import { z } from './zod.ts';

export const OUTCOMES = ['processed', 'ignored', 'duplicate', 'rejected', 'handshake'] as const;

const pointers = z.record(z.string(), z.string());

/** A receipt as shown. */
export const receiptShown = z
  .object({
    id: z.string().openapi({ format: 'uuid' }),
    sourceId: z.string().openapi({ format: 'uuid' }),
    receivedAt: z.string().openapi({ format: 'date-time' }),
    request: z.object({
      method: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      bodyEncoding: z.enum(['utf8', 'base64']),
      bodyTruncated: z.boolean().openapi({
        description:
          'True when `body` is only the beginning: 16 KiB in lists, and the 64 KiB that are kept of a rejected request.',
      }),
    }),
    verdict: z.object({ ok: z.boolean(), scheme: z.string(), reason: z.string().nullable() }),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
    duplicateOf: z.string().nullable(),
    bodyDiffers: z.boolean(),
    facts: z.array(z.looseObject({ kind: z.string(), provenance: pointers })),
    provenance: pointers.openapi({
      description: 'Of the first fact: its fields, each with its pointer into the body.',
    }),
    effects: z.array(z.object({ kind: z.literal('event'), id: z.string() })),
  })
  .openapi('Receipt');

/** What a sender is told. */
export const received = z
  .object({
    success: z.literal(true),
    action: z.enum(['processed', 'ignored', 'duplicate']),
    reason: z.string().optional(),
    componentId: z.string().optional(),
    versionsAdded: z.int(),
    triggersActivated: z.int(),
    receiptId: z.string().openapi({ format: 'uuid' }),
  })
  .openapi('Received');
