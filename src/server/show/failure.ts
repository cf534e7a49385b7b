import { type AttemptRecord, onlyCloses } from '../../core/attempt.ts';
import { describeFailure } from '../../core/failure.ts';
import { parseRetryAfterMs } from '../../core/retry.ts';
import { isoTime } from '../../core/time.ts';
import type { PastRequest } from '../../flows/past-request.ts';

/** A failure in the fields of attempts, deliveries and tests. */
export interface ShownFailure {
  errorClass: string | null;
  code: string | null;
  error: string | null;
  cause: string | null;
  remedy: string | null;
}

const NO_FAILURE: ShownFailure = { errorClass: null, code: null, error: null, cause: null, remedy: null };

/** Why an attempt failed, in words; all null when it did not. `sent` is what it sent, where that is known. */
export function showFailure(attempt: AttemptRecord | null, sent: Pick<PastRequest, 'headers'> | null): ShownFailure {
  if (attempt === null || attempt.failure === null) return NO_FAILURE;
  const { errorClass, code, error, cause, remedy } = describeFailure(attempt.failure, factsOf(attempt, sent));
  return { errorClass, code, error, cause, remedy };
}

/** What the sentences may name: the attempt's own facts, and those its answer holds. */
function factsOf(attempt: AttemptRecord, sent: Pick<PastRequest, 'headers'> | null): Record<string, string> {
  const { detail, statusCode, responseTimeMs, atMs, n } = attempt;
  const askedMs = parseRetryAfterMs(detail.responseHeaders?.['retry-after'], atMs + (responseTimeMs ?? 0));
  const facts: Record<string, string | undefined> = {
    s: askedMs === null ? undefined : `${Math.ceil(askedMs / 1000)}`,
    status: statusCode === null ? undefined : `${statusCode}`,
    ms: responseTimeMs === null ? undefined : `${responseTimeMs}`,
    time: isoTime(atMs),
    location: detail.responseHeaders?.location,
    ...sentId(attempt, sent),
    tried: onlyCloses(attempt) && n > 1 ? `${n - 1}` : undefined,
    ...detail.facts,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : [[name, fact]])),
  );
}

/** By what the receiver can find a try in its logs. Every try carries the delivery's id, most carry no other. */
function sentId({ deliveryId }: AttemptRecord, sent: Pick<PastRequest, 'headers'> | null) {
  const webhookId = sent?.headers['webhook-id'];
  if (webhookId !== undefined) return { idHeader: 'webhook-id', sentId: webhookId };
  return { idHeader: 'hookyard-delivery', sentId: deliveryId };
}
