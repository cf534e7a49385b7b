/** Events as the API takes and shows them. The hot path checks the same by hand: `../event-input.ts`. */

import { isEventType, isReservedType } from '../../core/event.ts';
import { MAX_HEADERS, MAX_HEADERS_CHARS } from '../../core/header.ts';
import { isOwnerPath } from '../../core/owner.ts';
import { problemCodes } from '../../core/problem.ts';
import {
  EVENT_TYPE_WORDS,
  eventHeaderErrors,
  MAX_ID_CHARACTERS,
  MAX_TAG_CHARACTERS,
  MAX_TAGS,
  OWNER_WORDS,
  RESERVED_WORDS,
} from '../event-rules.ts';
import { REQUIRED } from '../fields.ts';
import { textInput, textMap } from '../text-input.ts';
import { timeInput } from '../time-input.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

/** What `POST /api/v1/events` takes. */
export const eventInput = z
  .strictObject({
    type: z
      .string()
      .refine(isEventType, { error: EVENT_TYPE_WORDS })
      .refine((type) => !isReservedType(type), { error: RESERVED_WORDS })
      .openapi({ example: 'deployment.completed', maxLength: 64 }),
    data: z
      .unknown()
      .refine((value) => value !== undefined, { error: REQUIRED })
      .openapi({ description: 'Any JSON value; kept and sent byte for byte.' }),
    id: textInput(1, MAX_ID_CHARACTERS).optional().openapi({
      description: 'Your own id: the same id and body again is answered 200 and counts once.',
    }),
    owner: z.string().refine(isOwnerPath, { error: OWNER_WORDS }).optional().openapi({ example: 'org:7/repo:42' }),
    occurredAt: timeInput.optional(),
    tags: z.array(textInput(1, MAX_TAG_CHARACTERS)).max(MAX_TAGS).optional(),
    headers: textMap(
      z.record(z.string(), z.string()).superRefine((headers, context) => {
        for (const { path, message } of eventHeaderErrors(headers)) context.addIssue({ code: 'custom', path, message });
      }),
    )
      .optional()
      .openapi({
        description: `At most ${MAX_HEADERS}, of ${MAX_HEADERS_CHARS} characters together; they go to every receiver of this event and are stored as they are: no place for credentials.`,
      }),
    orderingKey: textInput(1, MAX_ID_CHARACTERS).optional().openapi({
      description:
        'Events of one key reach a subscription with `ordered: true` one after the other, in the order they were accepted. A failed delivery blocks only its own key, until it closes. Events without a key are not ordered.',
      example: 'deployment:4711',
    }),
  })
  .openapi('EventInput');

/** What an accepted event is answered with. */
export const eventAccepted = z
  .object({
    id: uuid,
    deliveries: z.int().openapi({ description: 'How many subscriptions it goes to.' }),
    duplicate: z.literal(true).optional().openapi({ description: 'Accepted before; nothing was added.' }),
  })
  .openapi('EventAccepted');

/** Events of one batch. */
export const MAX_BATCH_EVENTS = 1000;

/** A batch as it is checked: each event is looked at for itself. */
export const batchOuter = z.strictObject({
  events: z.array(z.unknown()).min(1).max(MAX_BATCH_EVENTS),
  atomic: z.boolean().optional(),
});

/** What `POST /api/v1/events/batch` takes. */
export const batchInput = batchOuter
  .extend({
    events: z.array(eventInput).min(1).max(MAX_BATCH_EVENTS),
    atomic: z.boolean().optional().openapi({
      description: 'true: all events are stored in one transaction, or none is and the answer is 422.',
    }),
  })
  .openapi('EventBatchInput');

/** What an event of a batch is answered with when it is refused. */
const itemProblem = z
  .object({
    status: z.int().openapi({ description: 'What a request with this event alone would be answered with.' }),
    code: z.enum(problemCodes),
    title: z.string(),
    detail: z.string(),
    remedy: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  })
  .openapi('EventRefused');

const index = z.int().openapi({ description: 'Its place in `events`, from 0.' });

/** What a batch is answered with. */
export const batchAccepted = z
  .object({
    accepted: z.int().openapi({ description: 'How many are stored, those of an earlier request among them.' }),
    refused: z.int(),
    results: z
      .array(z.union([eventAccepted.extend({ index }), z.object({ index, problem: itemProblem })]))
      .openapi({ description: 'One for each event, in their order.' }),
  })
  .openapi('EventBatchAccepted');

/** An event as shown in lists. */
export const eventShown = z
  .object({
    id: uuid,
    externalId: z.string().nullable(),
    type: z.string(),
    owner: z.string().nullable(),
    orderingKey: z.string().nullable(),
    tags: z.array(z.string()),
    headers: z.record(z.string(), z.string()),
    occurredAt: time,
    acceptedAt: time,
    source: z.object({
      kind: z.enum(['api', 'receipt', 'release', 'deployment', 'job', 'system']),
      id: z.string().nullable(),
    }),
    data: z.unknown(),
  })
  .openapi('Event');
