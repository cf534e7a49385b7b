import type { ReadFact } from '../core/fact.ts';
import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { Outcome, Receipt } from '../core/receipt.ts';
import type { EventAppend, IdempotencyClaim, StoredReceipt } from '../ports.ts';
import { type FlowPorts, type LiveConfiguration, MAX_DECISIONS } from './configuration.ts';
import { type ReworkPorts, revise, rework, sourceOf } from './rework.ts';
import type { Repeated } from './sealed-configuration.ts';

export interface ReprocessReceipt {
  tenant: Id;
  id: Id;
  /** Only say what would come of it. */
  dryRun: boolean;
  claims?: (made: Reprocessed) => readonly IdempotencyClaim[];
}

/** What came of a receipt, or would come. */
export interface Reprocessed {
  dryRun: boolean;
  /** The one it stands at now. */
  revision: number;
  outcome: Outcome;
  reason: string;
  facts: readonly ReadFact[];
  /** Made by this, or by a run that is not dry. */
  events: readonly EventAppend[];
  /** All that it has become by now. */
  eventIds: readonly Id[];
}

type Outcomes = ({ kind: 'reprocessed' } & Reprocessed) | Repeated | Problem;
type ReprocessPorts = ReworkPorts & Pick<FlowPorts, 'configuration'>;

/**
 * Reads a stored receipt with today's reader, filters and subscriptions, and makes its events: once more, if it had some.
 * Whether its source is paused or disabled does not matter: a person asked for it.
 */
export async function reprocessReceipt(ports: ReprocessPorts, request: ReprocessReceipt): Promise<Outcomes> {
  let configuration = await ports.configuration.current(request.tenant);
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const outcome = await reprocessUnder(ports, request, configuration);
    if (outcome.kind !== 'again') return outcome;
    configuration = await ports.configuration.refresh(request.tenant);
  }
  return problem('precondition_failed');
}

async function reprocessUnder(
  ports: ReprocessPorts,
  request: ReprocessReceipt,
  configuration: LiveConfiguration,
): Promise<Outcomes | { kind: 'again' }> {
  const stored = await ports.store.receipt(request.tenant, request.id);
  if (stored === null) return problem('not_found');
  const refusal = refusalOf(stored.receipt);
  if (refusal !== null) return refusal;
  const found = sourceOf(configuration, stored.receipt.sourceId);
  if (found.kind === 'problem') return found;
  const reworked = await rework(ports, stored, found.source, configuration);
  const made = reprocessed(stored, reworked, request.dryRun);
  if (request.dryRun) return { kind: 'reprocessed', ...made };
  const claims = request.claims?.(made) ?? [];
  const revised = await revise(ports, stored, configuration, { ...reworked, claims });
  switch (revised.kind) {
    case 'revised':
      return { kind: 'reprocessed', ...made };
    case 'stale':
    case 'conflict':
      return { kind: 'again' };
    case 'missing':
      return problem('not_found');
    case 'mismatch':
      return problem('idempotency_mismatch');
    case 'repeated':
      return revised;
    case 'duplicate':
      throw new Error('a revision without a key cannot repeat anything');
  }
}

function reprocessed(
  { receipt, eventIds }: StoredReceipt,
  { outcome, reason, facts, events }: Pick<Reprocessed, 'outcome' | 'reason' | 'facts' | 'events'>,
  dryRun: boolean,
): Reprocessed {
  const fresh = dryRun ? [] : events.map(({ event }) => event.id);
  const revision = receipt.revision + (dryRun ? 0 : 1);
  return { dryRun, revision, outcome, reason, facts, events, eventIds: [...eventIds, ...fresh] };
}

/**
 * What proved nothing is for `accept` alone; and a repeat would make what its first one makes. With another body it would
 * not: whether it is one, a person decides.
 */
function refusalOf({ outcome, duplicateOf, bodyDiffers }: Receipt): Problem | null {
  if (outcome === 'rejected') return problem('receipt_rejected');
  if (outcome !== 'duplicate' || bodyDiffers) return null;
  return problem('receipt_duplicate', {
    detail: `It repeats receipt ${duplicateOf} with the same body: reprocess that one.`,
  });
}
