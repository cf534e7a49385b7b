/** Receipts worked through again: what is stored of them changes, and their events come in, in one transaction. */
import type { Outcome, Repeat } from '../../core/receipt.ts';
import type { ReceiptRevision, RevisionOutcome } from '../../ports/store.ts';
import { blob, idOf, packIds, unpackIds } from '../sql/id-bytes.ts';
import { eventIdsAfter, repeatOf, revisedBefore, type Standing } from '../sql/revision.ts';
import { recordClaims, refusedClaim } from './claims.ts';
import { type AppendPacket, ownClaim, packAppend } from './packets.ts';
import { type EventSpots, giveKey, holderOf, writeEvents, writeFacts } from './receipts.ts';
import { blobOrNull, idOrNull } from './rows.ts';
import { configVersion, type Writer } from './turn.ts';

/** A revision as it crosses to the writer. */
export interface RevisionPacket extends Omit<ReceiptRevision, 'events'> {
  events: readonly AppendPacket[];
}

/** A revision that was made answers with where its deliveries were put. */
export type RevisionAnswer = EventSpots | RevisionOutcome;

export function packRevision(request: ReceiptRevision): RevisionPacket {
  return {
    ...request,
    events: request.events.map((event) => packAppend(event, request.configVersion, [])),
    claims: request.claims.map(ownClaim),
  };
}

/** Checks in this order: callers' keys, there at all, its revision, repeats another receipt, configuration moved on. */
export function reviseReceipt(writer: Writer, packet: RevisionPacket): RevisionAnswer {
  const { tenant, id, claims } = packet;
  const standing = standingOf(writer, packet);
  // After a lost answer its own claims are there too, and would hide that it was made.
  const made =
    standing !== null && writer.repeated ? revisedBefore(standing, { ...packet, eventIds: idsOf(packet) }) : null;
  const refused = made ?? refusedClaim(writer, tenant, claims);
  if (refused !== null) return refused;
  if (standing === null) return { kind: 'missing' };
  if (standing.revision !== packet.revision) return { kind: 'conflict', revision: standing.revision };
  const repeat = repeatedBy(writer, packet, standing);
  const current = configVersion(writer, tenant);
  if (repeat === null && current !== packet.configVersion) return { kind: 'stale', configVersion: current };
  recordClaims(writer, tenant, claims);
  write(writer, packet, standing, repeat);
  if (repeat !== null) return { kind: 'duplicate', of: repeat.of, bodyDiffers: repeat.bodyDiffers };
  writeFacts(writer, id, packet.facts);
  for (const key of [packet.dedupe, packet.replay]) giveKey(writer, { id, sourceId: standing.sourceId }, key);
  return writeEvents(writer, packet);
}

function idsOf({ events }: RevisionPacket) {
  return events.map(([[eventId]]) => eventId);
}

interface StandingRow {
  source_id: Uint8Array;
  outcome: Outcome;
  duplicate_of: Uint8Array | null;
  body_differs: number;
  event_ids: Uint8Array;
  revision: number;
}

function standingOf(writer: Writer, { tenant, id }: RevisionPacket): Standing | null {
  const row = writer.db.get<StandingRow>('receipt_standing', blob(id), blob(tenant));
  if (row === undefined) return null;
  const { outcome, revision } = row;
  return {
    sourceId: idOf(row.source_id),
    revision,
    outcome,
    duplicateOf: idOrNull(row.duplicate_of),
    bodyDiffers: row.body_differs === 1,
    eventIds: unpackIds(row.event_ids),
  };
}

/** What another receipt under one of the keys makes of this one; null when there is none. */
function repeatedBy(writer: Writer, packet: RevisionPacket, { sourceId }: Standing): Repeat | null {
  const { tenant, id } = packet;
  const holders = [packet.replay, packet.dedupe].map((key) => holderOf(writer, sourceId, key));
  const holder = holders.find((held) => held !== null && held.id !== id) ?? null;
  if (holder === null) return null;
  const own = writer.db.get<{ body: Uint8Array; received_ms: number }>('receipt', blob(id), blob(tenant));
  return own === undefined ? null : repeatOf(holder, { body: own.body, receivedAtMs: own.received_ms });
}

/** All of it but new facts; a duplicate keeps none, and no new events. */
function write(writer: Writer, packet: RevisionPacket, standing: Standing, repeat: Repeat | null): void {
  const id = blob(packet.id);
  writer.db.run(
    'revise_receipt',
    JSON.stringify(packet.verdict),
    repeat === null ? packet.outcome : 'duplicate',
    packet.reason,
    blobOrNull(repeat?.of ?? null),
    Number(repeat?.bodyDiffers ?? false),
    packIds(eventIdsAfter(standing.eventIds, repeat === null ? idsOf(packet) : [])),
    packet.revision + 1,
    id,
  );
  writer.db.run('drop_facts', id);
}
