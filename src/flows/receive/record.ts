/** What is stored of a request: refused, held, or with all that follows from it in one transaction. */
import { type Id, idAt } from '../../core/ids.ts';
import { keptHeaders } from '../../core/inbound-headers.ts';
import { keptProof, keptProofBytes } from '../../core/kept-proof.ts';
import { HELD_REASON, type Outcome, REJECTED_BODY_BYTES, type Receipt, type Verdict } from '../../core/receipt.ts';
import { coveredHeaders } from '../../core/signature/schemes.ts';
import type { ReceiptOutcome, ReceiptRequest, SealContext } from '../../ports.ts';
import type { FlowPorts, LiveConfiguration } from '../configuration.ts';
import type { OpenSource } from '../sources.ts';
import type { InboundRequest } from './door.ts';

export type RecordPorts = Pick<FlowPorts, 'random' | 'sealer' | 'store' | 'metrics'>;

/** A request with what is known of it from its arrival on. */
export interface Arrival {
  request: InboundRequest;
  receivedAtMs: number;
  /** Names in lower case; of repeated ones the last. */
  headers: Readonly<Record<string, string>>;
}

const MAX_REJECTED = 500;

/** Where the proof of a rejected request belongs. */
export function proofContext(tenant: Id, id: Id): SealContext {
  return { purpose: 'receipt', table: 'receipt', column: 'proof', row: id, tenant };
}

/** The receipt of a request. */
export function receiptOf(
  { random }: Pick<RecordPorts, 'random'>,
  { request, receivedAtMs, headers }: Arrival,
  { id: sourceId, config: { scheme } }: OpenSource,
  result: { verdict: Verdict; outcome: Outcome; reason: string | null },
): Receipt {
  return {
    id: idAt(receivedAtMs, random.bytes(16)),
    tenant: request.tenant,
    sourceId,
    receivedAtMs,
    method: request.method,
    headers: keptHeaders(headers, 'header' in scheme ? [scheme.header] : [], coveredHeaders(scheme)),
    body: request.body,
    ...result,
    duplicateOf: null,
    bodyDiffers: false,
    redeliveryOf: null,
    remoteAddress: request.remoteAddress,
    proof: null,
    revision: 0,
  };
}

/** The receipt of a request that proved nothing: with the beginning of its body, and its proof under seal. */
export function rejectedReceipt(
  ports: Pick<RecordPorts, 'random' | 'sealer'>,
  arrival: Arrival,
  source: OpenSource,
  verdict: Verdict,
): Receipt {
  const receipt = receiptOf(ports, arrival, source, { verdict, outcome: 'rejected', reason: verdict.reason });
  const { headers, door } = arrival.request;
  const proof = keptProof(source.config.scheme, headers, door.kind === 'secret');
  return {
    ...receipt,
    // A copy: a part of the body would keep the whole of it alive until the store has written.
    body: receipt.body.slice(0, REJECTED_BODY_BYTES),
    proof: proof && ports.sealer.seal(proofContext(receipt.tenant, receipt.id), keptProofBytes(proof)),
  };
}

/** The receipt of a proved request at a paused source. */
export function heldReceipt(ports: RecordPorts, arrival: Arrival, source: OpenSource, verdict: Verdict): Receipt {
  return receiptOf(ports, arrival, source, { verdict, outcome: 'held', reason: HELD_REASON });
}

/** Records a receipt, if the configuration that its effects were decided on still stands. */
export async function record(
  ports: RecordPorts,
  { version: configVersion }: Pick<LiveConfiguration, 'version'>,
  receipt: Receipt,
  effects: Pick<ReceiptRequest, 'facts' | 'events' | 'dedupe' | 'replay'>,
): Promise<ReceiptOutcome> {
  const recorded = await ports.store.recordReceipt({ receipt, ...effects, configVersion, maxRejected: MAX_REJECTED });
  if (recorded.kind !== 'stale') {
    const outcome = recorded.kind === 'duplicate' ? 'duplicate' : receipt.outcome;
    ports.metrics.count('receipts_total', { outcome });
  }
  return recorded;
}

export const NO_EFFECTS = { facts: [], events: [], dedupe: null, replay: null } as const;
