/** Open warnings as the API shows them. */
import { z } from './zod.ts';

const time = z.string().openapi({ format: 'date-time' });

/** A warning as shown. */
export const warningShown = z
  .object({
    kind: z.enum(['warning', 'disabled']),
    subscription: z.object({
      id: z.string().openapi({ format: 'uuid' }),
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
  .openapi('Warning');
