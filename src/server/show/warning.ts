import type { RejectingWarning } from '../../core/rejecting.ts';
import { isoTimeOrNull } from '../../core/time.ts';
import type { Warning } from '../../core/warning.ts';

/** A warning as the API shows it. */
export function showWarning({ sinceMs, reason, ...warning }: Warning | RejectingWarning) {
  return { ...warning, since: isoTimeOrNull(sinceMs), ...(reason === null ? {} : { reason }) };
}
