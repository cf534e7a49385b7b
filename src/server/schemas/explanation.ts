/** What an event would do, as the API shows it. */
import { z } from './zod.ts';

const shown = {
  subscriptionId: z.string().openapi({ format: 'uuid' }),
  name: z.string().nullable(),
};

/** Subscriptions that are listed; the numbers count all of them. */
export const MAX_EXPLAINED = 1000;

export const explanation = z
  .object({
    deliveries: z.int().openapi({ description: 'How many subscriptions would get it.' }),
    subscriptions: z.int().openapi({ description: 'How many there are.' }),
    results: z
      .array(
        z.union([
          z.object({
            ...shown,
            receives: z.literal(true),
            rule: z.null(),
            reason: z.null(),
            heldReason: z.string().nullable().openapi({ description: 'What its delivery would wait for.' }),
            heldCause: z.string().nullable(),
            heldRemedy: z.string().nullable(),
          }),
          z.object({
            ...shown,
            receives: z.literal(false),
            rule: z.enum(['itself', 'disabled', 'secret_unavailable', 'type', 'owner', 'filter']),
            reason: z.string(),
            filter: z
              .object({
                index: z.int(),
                field: z.string(),
                operator: z.string(),
                value: z.unknown(),
                found: z.boolean().openapi({ description: 'Whether the path selects anything in this event.' }),
                actual: z.unknown(),
              })
              .optional(),
          }),
        ]),
      )
      .openapi({ description: `Those that would get it first; at most ${MAX_EXPLAINED}.` }),
  })
  .openapi('Explanation');
