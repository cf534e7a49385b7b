/** Housekeeping, a bounded slice at a time. */
import { REJECTED_KEPT_MS } from '../../core/receipt.ts';
import { CLAIM_KEPT_MS } from '../sql/kept.ts';
import type { Session } from './database.ts';
import { engineMs } from './engine-time.ts';

/** Rows one slice may drop of each kind. */
const SLICE_ROWS = 1_000;
/** Each has a body that stands in many rows of its own. */
const SLICE_REJECTED = 200;

export async function maintain(session: Session): Promise<void> {
  const nowMs = await engineMs(session);
  // One real write each time: that it fails is how readiness learns of a full disk.
  await session.run('set_meta', { name: 'maintained_ms', value: nowMs });
  await session.run('drop_old_claims', { before_ms: nowMs - CLAIM_KEPT_MS, limit: SLICE_ROWS });
  await session.run('drop_old_receipt_keys', { now: nowMs, limit: SLICE_ROWS });
  await session.run('drop_old_rejected', { before_ms: nowMs - REJECTED_KEPT_MS, limit: SLICE_REJECTED });
}
