/** Deliveries and attempts as the API shows them. */
import { CLOSINGS, DELIVERY_STATUSES } from '../../core/attempt.ts';
import { NEXT_PROBE } from './subscription.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

const headers = z.record(z.string(), z.string());

/** Milliseconds of each part of a try; null where it never got there. */
const phases = z
  .object({
    dns: z.number().nullable(),
    connect: z.number().nullable(),
    tls: z.number().nullable(),
    send: z.number().nullable(),
    firstByte: z.number().nullable(),
    total: z.number(),
  })
  .openapi('Phases');

/** What every answer about a failed try says of it; all null after a success. */
const failure = {
  errorClass: z.string().nullable().openapi({ description: 'Group of the failure, such as `tls` or `http_status`.' }),
  code: z.string().nullable().openapi({ description: 'The failure itself, such as `tls_expired`.' }),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  remedy: z.string().nullable(),
};

/** One try. */
export const attemptShown = z
  .object({
    n: z.int(),
    at: time,
    sent: z
      .boolean()
      .openapi({ description: 'False for a row that only closes, and for what was refused before connecting.' }),
    success: z.boolean(),
    closes: z.enum(CLOSINGS).nullable(),
    url: z.string().nullable(),
    method: z.string().nullable(),
    requestHeaders: headers,
    requestBody: z.string().nullable(),
    statusCode: z.int().nullable(),
    responseHeaders: headers.nullable(),
    responseBody: z
      .string()
      .nullable()
      .openapi({ description: 'Credentials that the receiver sent back read `[redacted]`, in its headers too.' }),
    responseTruncated: z.boolean(),
    responseLength: z.int().nullable(),
    responseTime: z.number().nullable().openapi({ description: 'Milliseconds.' }),
    phases: phases.nullable(),
    remoteAddress: z.string().nullable(),
    reused: z.boolean().nullable(),
    httpVersion: z.string().nullable(),
    mayRepeat: z.boolean().openapi({
      description:
        'True when a send of this try that left no result may have reached the receiver: before a crash, or under way when the delivery was cancelled.',
    }),
    ...failure,
  })
  .openapi('Attempt');

/** A delivery; the attempt's fields are those of its last attempt. */
export const deliveryShown = z
  .object({
    id: uuid,
    deliveryId: uuid,
    deliveryUuid: uuid,
    eventId: uuid
      .nullable()
      .openapi({ description: 'null for redeliveries and tests under the profile `forge`; `redeliverOf` leads on.' }),
    eventKind: z.string(),
    subscriptionId: uuid,
    kind: z.enum(['first', 'redelivery', 'replay', 'test']),
    redeliverOf: uuid.nullable(),
    status: z.enum(DELIVERY_STATUSES),
    heldReason: z.enum(['paused', 'disabled', 'secret', 'circuit', 'full', 'ordered']).nullable().openapi({
      description:
        'Why an open delivery is held back: its subscription is `paused` or `disabled`; its secret cannot be read where this process looks for it (`secret`), which uses up no try; its receiver fails (`circuit`); others wait before it (`full`), or before it in the order of its key (`ordered`).',
    }),
    heldSince: time.nullable().openapi({
      description:
        'Since when the reason holds: when its subscription was paused or switched off, when the circuit opened, since when others have been waiting. null for `secret` and `ordered`.',
    }),
    nextProbeAt: time.nullable().openapi({ description: NEXT_PROBE }),
    heldCause: z.string().nullable().openapi({ description: 'The reason in words, with these times.' }),
    heldRemedy: z.string().nullable().openapi({ description: 'What to do about it.' }),
    sequence: z.int().nullable().openapi({
      description:
        'Place in the order of its key, as sent in `Hookyard-Sequence`: it grows from delivery to delivery, with gaps. null for what is not ordered.',
    }),
    attempt: z.int().openapi({ description: 'Number of the last try, from 1; 0 before it.' }),
    attempts: z.int().openapi({ description: 'Tries sent so far.' }),
    maxAttempts: z.int().nullable(),
    nextRetryAt: time.nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    completedAt: time.nullable(),
    closedAt: time.nullable(),
    idempotencyKey: z.string().nullable(),
    url: z.string().nullable(),
    method: z.string().nullable(),
    headers,
    body: z.string().nullable(),
    bodyTruncated: z.boolean().openapi({ description: 'True when `body` is only the beginning: 16 KiB in lists.' }),
    statusCode: z.int().nullable(),
    responseHeaders: headers.nullable(),
    responseBody: z.string().nullable(),
    responseTruncated: z
      .boolean()
      .openapi({ description: 'True when `responseBody` is only the beginning: of what is kept, or 16 KiB in lists.' }),
    responseTime: z.number().nullable(),
    success: z.boolean(),
    errorSummary: z.string().nullable(),
    ...failure,
  })
  .openapi('Delivery');

/** What `POST …/{id}/test` takes. */
export const testInput = z.strictObject({ event: z.string().min(1).max(64) }).openapi('TestInput');

/** What a test is answered with. */
export const testShown = z
  .object({
    deliveryId: uuid,
    statusCode: z.int().nullable(),
    responseTime: z.number().nullable(),
    response: z.string().nullable(),
    success: z.boolean(),
    phases: phases.nullable(),
    ...failure,
  })
  .openapi('TestResult');

/** The new delivery of a redelivery. */
export const redelivered = z.object({ deliveryId: uuid, redeliverOf: uuid }).openapi('Redelivery');
