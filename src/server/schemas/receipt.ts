/** Receipts as the API shows them, and what senders are told. */
import { OUTCOMES } from '../../core/receipt.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

const pointers = z.record(z.string(), z.string());
const verdict = z
  .object({ ok: z.boolean(), scheme: z.string(), reason: z.string().nullable() })
  .openapi({ description: 'Whether the sender proved who it is. `reason` also says by which key it was accepted.' });

const diagnosis = z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable().openapi({
  description:
    'Of a rejected request: the first of the usual mistakes that explains it, by what the source is now. Worked out when a single receipt is shown to an admin or operator; null elsewhere.',
});

const facts = z.array(z.looseObject({ kind: z.string(), provenance: pointers }));

const effects = z
  .array(z.object({ kind: z.literal('event'), id: z.string() }))
  .openapi({ description: 'All that it has become, those of every revision.' });

/** A receipt as shown. */
export const receiptShown = z
  .object({
    id: uuid,
    sourceId: uuid,
    receivedAt: time,
    remoteAddress: z
      .string()
      .nullable()
      .openapi({ description: 'Whom it came from, as far as trusted proxies tell; null where that is not known.' }),
    request: z.object({
      method: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string().openapi({
        description:
          'As it came; a text in it that is a secret of its source reads `[redacted]`, and all of it where those secrets cannot be read: the source was deleted, or what it refers to is not there.',
      }),
      bodyEncoding: z.enum(['utf8', 'base64']),
      bodyTruncated: z.boolean().openapi({
        description:
          'True when `body` is only the beginning: 16 KiB in lists, and the 64 KiB that are kept of a rejected request.',
      }),
    }),
    verdict,
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
    diagnosis,
    duplicateOf: z.string().nullable(),
    bodyDiffers: z.boolean(),
    redeliveryOf: z.string().nullable().openapi({
      description: 'The receipt of the same message that came before, where the sender was told to send it again.',
    }),
    revision: z
      .int()
      .openapi({ description: 'How often it was worked through again: released, accepted or reprocessed.' }),
    facts,
    provenance: pointers.openapi({
      description: 'Of the first fact: its fields, each with its pointer into the body.',
    }),
    effects,
    warnings: z.array(z.string()).openapi({ description: 'What is risky about the request.' }),
  })
  .openapi('Receipt');

/** What `POST …/reprocess` takes. */
export const reprocessInput = z
  .strictObject({
    dryRun: z.boolean().optional().openapi({ description: 'Only say what would come of it; false unless told.' }),
  })
  .openapi('ReceiptReprocessing');

/** What came of it. */
export const reprocessedShown = z
  .object({
    dryRun: z.boolean(),
    revision: z.int().openapi({ description: 'The one it stands at now.' }),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
    facts,
    provenance: pointers,
    events: z
      .array(
        z.object({
          id: z.string().nullable().openapi({ description: 'null in a dry run.' }),
          type: z.string(),
          occurredAt: time,
          data: z.looseObject({}),
          subscriptions: z.int().openapi({ description: 'How many subscriptions want it.' }),
        }),
      )
      .openapi({ description: 'Made by this, or by a run that is not dry.' }),
    effects,
  })
  .openapi('ReprocessedReceipt');

/** What `POST …/reverify` answers. */
export const reverifiedShown = z.object({ verdict, diagnosis }).openapi('ReverifiedReceipt');

/** What `POST …/accept` takes. */
export const acceptInput = z
  .strictObject({
    force: z
      .boolean()
      .optional()
      .openapi({ description: 'Accept it although it proves nothing; for admins. false unless told.' }),
  })
  .openapi('ReceiptAcceptance');

/** What a sender is told. */
export const received = z
  .object({
    success: z.literal(true),
    action: z.enum(['processed', 'ignored', 'duplicate']),
    reason: z.string().optional(),
    componentId: z.string().optional(),
    versionsAdded: z.int(),
    triggersActivated: z.int(),
    receiptId: uuid,
  })
  .openapi('Received');
