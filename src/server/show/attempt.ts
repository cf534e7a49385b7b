import type { AttemptRecord } from '../../core/attempt.ts';
import type { Id } from '../../core/ids.ts';
import { isoTime } from '../../core/time.ts';
import type { PastRequest } from '../../flows/past-request.ts';
import { showFailure } from './failure.ts';
import { showTextOrNull } from './text.ts';

/** One try as the API shows it. `sent` is null when what it sent cannot be rendered any more. */
export function showAttempt(attempt: AttemptRecord, sent: PastRequest | null) {
  const { detail } = attempt;
  return {
    n: attempt.n,
    at: isoTime(attempt.atMs),
    sent: attempt.sent,
    success: attempt.delivered,
    closes: attempt.closes,
    url: sent?.url ?? null,
    method: sent?.method ?? null,
    requestHeaders: sent?.headers ?? {},
    requestBody: showTextOrNull(sent?.body),
    statusCode: attempt.statusCode,
    responseHeaders: detail.responseHeaders,
    responseBody: showTextOrNull(detail.responseBody),
    responseTruncated: detail.responseTruncated,
    responseLength: detail.responseLength,
    responseTime: attempt.responseTimeMs,
    phases: detail.phases,
    remoteAddress: detail.connection?.remoteAddress ?? null,
    reused: detail.connection?.reused ?? null,
    httpVersion: detail.connection?.httpVersion ?? null,
    mayRepeat: detail.mayRepeat,
    ...showFailure(attempt, sent),
  };
}

/** The answer to a test (seed 001), with what went wrong in words. */
export function showTest(deliveryId: Id, attempt: AttemptRecord) {
  return {
    deliveryId,
    statusCode: attempt.statusCode,
    responseTime: attempt.responseTimeMs,
    response: showTextOrNull(attempt.detail.responseBody),
    success: attempt.delivered,
    phases: attempt.detail.phases,
    ...showFailure(attempt, null),
  };
}
