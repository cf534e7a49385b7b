/** Several events coming in together: all of them are stored in this turn, or none is. */
import type { Id } from '../../core/ids.ts';
import type { BatchAppend, BatchOutcome, IdempotencyClaim, UsedClaim } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import { openTickets, writeEvent } from './append.ts';
import { recordClaims, refusedClaim } from './claims.ts';
import { type AppendPacket, ownClaim, packAppend, type Spot } from './packets.ts';
import { configVersion, type Writer } from './turn.ts';

export type BatchPacket = readonly [
  tenant: Id,
  appends: readonly AppendPacket[],
  configVersion: number,
  claims: readonly IdempotencyClaim[],
];

/** A fresh batch answers with the spots per event. */
export type BatchAnswer = readonly (readonly Spot[])[] | BatchOutcome;

export function packBatch({ tenant, appends, configVersion: decidedOn, claims }: BatchAppend): BatchPacket {
  const packed = appends.map((append) => packAppend(append, decidedOn, append.claims));
  return [tenant, packed, decidedOn, claims.map(ownClaim)];
}

/** Checks in this order: stored already, callers' keys, configuration moved on. */
export function appendAll(writer: Writer, packet: BatchPacket): BatchAnswer {
  const [tenant, appends, decidedOn, claims] = packet;
  const refused = stored(writer, appends) ?? refusal(writer, packet);
  if (refused !== null) return refused;
  recordClaims(writer, tenant, claims);
  return appends.map(([event, deliveries, , own]) => {
    const spots = writeEvent(writer, event, deliveries, decidedOn);
    // Looked for above, in this very turn: an event can only stand twice in the batch itself.
    if (spots === null) throw new Error('an event stands twice in a batch');
    recordClaims(writer, tenant, own);
    return spots;
  });
}

/** After a lost answer the events may be there by this very batch: then their open tickets are handed over. */
function stored(writer: Writer, appends: readonly AppendPacket[]): BatchOutcome | null {
  if (!appends.some(([event]) => writer.db.get('event_exists', blob(event[0])) !== undefined)) return null;
  if (!writer.repeated) return { kind: 'duplicate' };
  const open = ([, [, made]]: AppendPacket) =>
    openTickets(
      writer,
      made.map(([id]) => id),
    );
  return { kind: 'appended', tickets: appends.map(open) };
}

function refusal(writer: Writer, [tenant, appends, decidedOn, claims]: BatchPacket): BatchOutcome | null {
  const repeats = refusedClaim(writer, tenant, claims);
  if (repeats !== null) return repeats;
  const uses = appends.flatMap(([, , , own], at): UsedClaim[] => {
    const use = refusedClaim(writer, tenant, own);
    return use === null ? [] : [{ at, use }];
  });
  if (uses.length > 0) return { kind: 'used', uses };
  const current = configVersion(writer, tenant);
  return current === decidedOn ? null : { kind: 'stale', configVersion: current };
}
