import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { FlowPorts } from './configuration.ts';
import { type Judged, type JudgePorts, judgeReceipt } from './judge-receipt.ts';
import { sourceOf } from './rework.ts';

export interface ReverifyReceipt {
  tenant: Id;
  id: Id;
  /** The key of who asks. */
  by: Id;
}

export interface Reverified {
  kind: 'reverified';
  judged: Judged;
}

type ReverifyPorts = JudgePorts & Pick<FlowPorts, 'configuration' | 'store' | 'log'>;

/** Judges a rejected request by what the source is now, and changes nothing. Who asked stands in the log. */
export async function reverifyReceipt(ports: ReverifyPorts, request: ReverifyReceipt): Promise<Reverified | Problem> {
  const stored = await ports.store.receipt(request.tenant, request.id);
  if (stored === null) return problem('not_found');
  const { id: receiptId, sourceId, outcome } = stored.receipt;
  if (outcome !== 'rejected') return problem('receipt_not_rejected');
  const found = sourceOf(await ports.configuration.current(request.tenant), sourceId);
  if (found.kind === 'problem') return found;
  const judged = await judgeReceipt(ports, stored.receipt, found.source);
  const verdict = judged.verdict.reason ?? 'ok';
  ports.log.info('receipt.reverified', { receiptId, sourceId, keyId: request.by, verdict });
  return { kind: 'reverified', judged };
}
