import { v7 } from 'uuid';

/** A UUID in its lower-case canonical form. All ids of objects are version 7 (RFC 9562); secrets never are. */
export type Id = string;

/** The one tenant that every installation has from its first day. */
export const DEFAULT_TENANT: Id = '01900000-0000-7000-8000-000000000001';

/** The smallest id there is; sorts before every other, and no object has it. */
export const FIRST_ID: Id = '00000000-0000-0000-0000-000000000000';
const MAX_ID = 2n ** 128n - 1n;
const PARTS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a canonical lower-case UUID of any version. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/** A version 7 id for the given wall-clock millisecond and 16 random bytes. */
export function idAt(ms: number, random: Uint8Array): Id {
  // Without `seq` the library spends four bytes of the random ones on a counter with its top bit clear.
  const seq = new DataView(random.buffer, random.byteOffset, random.byteLength).getUint32(6);
  return v7({ msecs: ms, random, seq });
}

/** The millisecond a version 7 id carries. */
export function idMs(id: Id): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The largest millisecond the 48 bits of a version 7 id can carry. */
const MAX_ID_MS = 2 ** 48 - 1;

/** The smallest id that carries `ms`; for range conditions on ids. */
export function firstIdAt(ms: number): Id {
  const hex = Math.min(MAX_ID_MS, Math.max(0, Math.floor(ms)))
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** The id next to another: the one that sorts directly after it (1) or before it (-1). The ends are their own. */
export function idBeside(id: Id, step: 1 | -1): Id {
  const beside = BigInt(`0x${id.replaceAll('-', '')}`) + BigInt(step);
  const within = beside < 0n || beside > MAX_ID ? beside - BigInt(step) : beside;
  return within.toString(16).padStart(32, '0').replace(PARTS, '$1-$2-$3-$4-$5');
}

/**
 * The id of the first delivery of an event to a subscription: the event's millisecond and bits of a digest over both
 * ids, so that repeating an append or a fan-out names the same delivery again.
 */
export function deliveryIdFor(eventId: Id, subscriptionId: Id, sha256: (text: string) => Uint8Array): Id {
  const digest = sha256(`${eventId}/${subscriptionId}`);
  return formatV7(eventId, digest);
}

function formatV7(timeFrom: Id, digest: Uint8Array): Id {
  const hex = Buffer.from(digest.buffer, digest.byteOffset, 10).toString('hex');
  const variant = ((Number.parseInt(hex.charAt(3), 16) & 0x3) | 0x8).toString(16);
  return `${timeFrom.slice(0, 13)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}

/** The lease shard of a subscription: the last byte of its id modulo the number of shards fixed at install. */
export function shardOf(subscriptionId: Id, shards: number): number {
  return Number.parseInt(subscriptionId.slice(-2), 16) % shards;
}
