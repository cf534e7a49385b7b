/** Receipts of requests that were turned away: written when their senders have the answer. */
import { REJECTED_BODY_BYTES } from '../../core/receipt.ts';
import { schemeName } from '../../core/signature/schemes.ts';
import { type FlowPorts, MAX_DECISIONS } from '../configuration.ts';
import type { OpenSource } from '../sources.ts';
import { type Arrival, NO_EFFECTS, type RecordPorts, record, rejectedReceipt } from './record.ts';
import type { Rejections } from './rejections.ts';

/** A request that proved nothing, with what its receipt is written by. */
export interface TurnedAway extends Arrival {
  ports: RecordPorts & Pick<FlowPorts, 'configuration'>;
  rejections: Rejections;
}

/** What keeps a request; until it is called nothing but the beginning of its body is held on to. */
export function keeping(visit: TurnedAway, source: OpenSource, reason: string): () => Promise<void> {
  const brief = beginningOf(visit);
  return () => keep(brief, source, reason);
}

/** A request with the beginning of its body; a part of the body itself would keep the whole of it alive. */
export function beginningOf({ request, ...visit }: TurnedAway): TurnedAway {
  return { ...visit, request: { ...request, body: request.body.slice(0, REJECTED_BODY_BYTES) } };
}

async function keep(visit: TurnedAway, source: OpenSource, reason: string): Promise<void> {
  const { ports, request } = visit;
  const verdict = { ok: false, scheme: schemeName(source.config.scheme), reason };
  const receipt = rejectedReceipt(ports, visit, source, verdict);
  // Kept under whatever configuration stands: nothing is decided by it.
  let configuration = await ports.configuration.of(request.tenant);
  for (let tries = 0; tries < MAX_DECISIONS; tries++) {
    const recorded = await record(ports, configuration, receipt, NO_EFFECTS);
    if (recorded.kind !== 'stale') return visit.rejections.rejected(source);
    configuration = await ports.configuration.refresh(request.tenant);
  }
}
