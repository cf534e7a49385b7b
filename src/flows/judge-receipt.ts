/** Judging a rejected request once more, by what its source is now. */
import { isAmong } from '../core/address/networks.ts';
import { provedRequest, readKeptProof } from '../core/kept-proof.ts';
import { keptInPart, type Receipt, type Verdict } from '../core/receipt.ts';
import { ourDiagnosis, type ReceiptDiagnosis } from '../core/receipt-diagnosis.ts';
import { diagnose } from '../core/signature/diagnose.ts';
import { verify } from '../core/signature/judge.ts';
import type { SignedRequest } from '../core/signature/plan.ts';
import { schemeName } from '../core/signature/schemes.ts';
import type { FlowPorts } from './configuration.ts';
import { proofContext } from './receive/record.ts';
import { NOT_FOR_YOU } from './receive.ts';
import { findSourceSecrets } from './source-secrets.ts';
import type { OpenSource } from './sources.ts';

export type JudgePorts = Pick<FlowPorts, 'clock' | 'mac' | 'sealer' | 'secretReferences'>;

export interface Judged {
  verdict: Verdict;
  /** Why it was refused, and what to do; null when nothing can be said. */
  diagnosis: ReceiptDiagnosis | null;
}

/**
 * Judges by the secrets that are live now, and by the clock of when it came: what is late now was not late then. The
 * allow-list counts as at the door, and before everything else: from elsewhere the best proof helps nobody.
 */
export async function judgeReceipt(ports: JudgePorts, receipt: Receipt, source: OpenSource): Promise<Judged> {
  const { config } = source;
  const scheme = schemeName(config.scheme);
  if (source.allowedFrom.length > 0 && !isAmong(source.allowedFrom, receipt.remoteAddress)) {
    return fromElsewhere(scheme, receipt.remoteAddress);
  }
  const nowMs = ports.clock.nowMs();
  const found = await findSourceSecrets(ports, config, nowMs);
  if (found.kind === 'missing') {
    const diagnosis = ourDiagnosis('secret_unavailable', { reason: found.reason });
    return { verdict: { ok: false, scheme, reason: 'secret_unavailable' }, diagnosis };
  }
  const request = requestOf(ports, receipt, source);
  if (request === null) return refused(scheme, 'proof_not_kept');
  const verdict = verify(config.scheme, request, found.secrets, ports.mac, receipt.receivedAtMs);
  if (verdict.ok) return { verdict, diagnosis: ourDiagnosis('proved_now') };
  if (verdict.reason === 'mismatch' && keptInPart(receipt)) {
    return { verdict, diagnosis: ourDiagnosis('kept_in_part') };
  }
  const ended = config.retiringSecrets.filter(({ untilMs }) => untilMs <= nowMs).map(({ secret }) => secret);
  const diagnosis = diagnose(config.scheme, request, found.secrets, ports.mac, receipt.receivedAtMs, ended);
  return { verdict, diagnosis };
}

function refused(scheme: string, code: 'proof_not_kept'): Judged {
  return { verdict: { ok: false, scheme, reason: code }, diagnosis: ourDiagnosis(code) };
}

function fromElsewhere(scheme: string, address: string | null): Judged {
  const verdict = { ok: false, scheme, reason: NOT_FOR_YOU };
  if (address === null) return { verdict, diagnosis: ourDiagnosis('address_unknown') };
  return { verdict, diagnosis: ourDiagnosis('address_not_allowed', { address }) };
}

/** The request as the scheme of its source looks at it; null when what that reads was not kept, or cannot be opened. */
export function requestOf(
  { sealer }: Pick<JudgePorts, 'sealer'>,
  receipt: Receipt,
  { config }: OpenSource,
): SignedRequest | null {
  if (receipt.proof === null) return null;
  const opened = sealer.open(proofContext(receipt.tenant, receipt.id), receipt.proof);
  return opened.kind === 'opened' ? provedRequest(readKeptProof(opened.plain), receipt, config.scheme) : null;
}
