/** Open warnings as the API shows them. */
import { REJECTING_AFTER } from '../../core/rejecting.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

/** What is wrong with a receiver. */
const receiverWarning = z
  .object({
    kind: z.enum(['warning', 'disabled']),
    subscription: z.object({
      id: uuid,
      name: z.string(),
      host: z.string().openapi({ description: 'Of its URL; the rest may be secret.' }),
      owner: z.string().nullable(),
    }),
    consecutiveFailures: z.int().openapi({ description: 'Deliveries in a row that failed for good or expired.' }),
    threshold: z.int().nullable().openapi({
      description: 'Failures in a row at which it is switched off; null where its profile never does that.',
    }),
    percent: z
      .int()
      .openapi({ description: 'The highest of 50, 70 and 90 % of it that was passed; 100 when it is off.' }),
    since: time.nullable().openapi({ description: 'Of the first failure of the streak, or of the switching off.' }),
    reason: z.enum(['gone', 'failures']).optional().openapi({ description: 'Why it was switched off.' }),
  })
  .openapi('ReceiverWarning');

/** What is wrong with a sender. */
const rejectingShown = z
  .object({
    kind: z.enum(['rejecting']),
    source: z.object({
      id: uuid,
      name: z.string(),
      type: z.string(),
      owner: z.null().openapi({ description: 'Sources belong to the whole tenant.' }),
    }),
    rejected: z.int().openapi({
      description: `Rejected requests in a row, ${REJECTING_AFTER} or more, with none that was proved since; as far as they are kept.`,
    }),
    since: time.openapi({ description: 'When the first of them came.' }),
    reason: z.string().openapi({ description: 'Why the latest was rejected: `verdict.reason` of its receipt.' }),
    remedy: z.string(),
  })
  .openapi('RejectingWarning');

/** A warning as shown. */
export const warningShown = z.union([receiverWarning, rejectingShown]).openapi('Warning');
