/** Working a stored receipt through once more, as if it had just been proved: what it comes to, and storing that. */

import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { HeaderValues } from '../core/signature/headers.ts';
import { type Conclusion, conclude, type Understood, understand } from '../core/understanding.ts';
import type { EventAppend, ReceiptRevision, RevisionOutcome, StoredReceipt } from '../ports.ts';
import type { FlowPorts, LiveConfiguration } from './configuration.ts';
import { eventsOf } from './fact-events.ts';
import type { OpenSource } from './sources.ts';

export type ReworkPorts = Pick<FlowPorts, 'clock' | 'random' | 'mac' | 'store' | 'dispatch'>;

/** What a receipt comes to under the configuration that stands. */
export interface Reworked extends Conclusion {
  understood: Understood;
  events: readonly EventAppend[];
}

/**
 * Reads a stored receipt anew. Nothing is written.
 * @param signed the headers it proves itself with, where they were kept
 */
export async function rework(
  ports: ReworkPorts,
  { receipt }: StoredReceipt,
  source: OpenSource,
  configuration: LiveConfiguration,
  signed?: HeaderValues,
): Promise<Reworked> {
  const understood = understand({ ...receipt, signed }, source.config, ports.mac.sha256);
  const conclusion = conclude(understood, source.filters);
  const events = await eventsOf(ports, receipt, conclusion.acted, configuration, ports.clock.nowMs());
  return { ...conclusion, understood, events };
}

/** Stores what a receipt has come to, and hands over what there is to send. */
export async function revise(
  ports: ReworkPorts,
  { receipt }: StoredReceipt,
  { version: configVersion }: LiveConfiguration,
  change: Pick<ReceiptRevision, 'outcome' | 'reason' | 'facts' | 'events'> &
    Partial<Pick<ReceiptRevision, 'verdict' | 'dedupe' | 'replay' | 'claims'>>,
): Promise<RevisionOutcome> {
  const { tenant, id, revision } = receipt;
  const kept = { verdict: receipt.verdict, dedupe: null, replay: null, claims: [] };
  const { outcome, reason, facts, events, verdict, dedupe, replay, claims } = { ...kept, ...change };
  const revised = await ports.store.reviseReceipt({
    tenant,
    id,
    revision,
    verdict,
    outcome,
    reason,
    facts,
    events,
    dedupe,
    replay,
    configVersion,
    claims,
  });
  if (revised.kind === 'revised') for (const handover of revised.handovers) ports.dispatch.offer(handover);
  return revised;
}

/** The source of a receipt, ready for use; or why it cannot be used. */
export function sourceOf(
  configuration: LiveConfiguration,
  sourceId: Id,
): { kind: 'source'; source: OpenSource } | Problem {
  const source = configuration.sources.get(sourceId);
  if (source === undefined) return problem('source_gone');
  return source.config === null
    ? problem('secret_unavailable')
    : { kind: 'source', source: { ...source, config: source.config } };
}
