/** What an event would do, as the API shows it. */
import { eventInput } from './event.ts';
import { uuid } from './values.ts';
import { z } from './zod.ts';

const shown = {
  subscriptionId: uuid,
  name: z.string().nullable(),
  asOf: z.enum(['acceptance', 'now']).openapi({
    description: '`acceptance`: what was decided when the event was accepted. `now`: what it says as it stands today.',
  }),
};

/** Subscriptions that are listed; the numbers count all of them. */
export const MAX_EXPLAINED = 1000;

/** What one subscription says. */
export const explained = z.union([
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
    rule: z.enum(['itself', 'disabled', 'secret_unavailable', 'type', 'owner', 'filter', 'made_later', 'sample']),
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
]);

export const explanation = z
  .object({
    deliveries: z.int().openapi({ description: 'How many subscriptions would get it; of a stored event, got it.' }),
    subscriptions: z.int().openapi({ description: 'How many there are.' }),
    results: z.array(explained).openapi({ description: `Those that would get it first; at most ${MAX_EXPLAINED}.` }),
  })
  .openapi('Explanation');

/**
 * What `POST /api/v1/events/explain` takes: what can be published, with null as a stored event shows it, or such an
 * event.
 */
export const explainInput = eventInput
  .extend({ owner: eventInput.shape.owner.nullable(), orderingKey: eventInput.shape.orderingKey.nullable() })
  .openapi('ExplainInput');

export const explainStoredInput = z
  .strictObject({ eventId: z.string().openapi({ description: 'The id of a stored event.', format: 'uuid' }) })
  .openapi('ExplainStoredInput');
