/** The targets of an event as one column: 36 bytes each, so that a thousand of them are one read. */

import type { Id } from '../../core/ids.ts';
import type { StoredEvent } from '../../ports/store.ts';
import { idOf, writeId } from './id-bytes.ts';

const TARGET_BYTES = 36;

/** What a packed delivery begins with. */
type Target = readonly [deliveryId: Id, subscriptionId: Id, subscriptionVersion: number, ...rest: readonly unknown[]];

export function packTargets(deliveries: readonly Target[]): Uint8Array {
  const packed = new Uint8Array(deliveries.length * TARGET_BYTES);
  const view = new DataView(packed.buffer);
  for (const [at, [deliveryId, subscriptionId, version]] of deliveries.entries()) {
    const start = at * TARGET_BYTES;
    writeId(packed, subscriptionId, start);
    view.setUint32(start + 16, version);
    writeId(packed, deliveryId, start + 20);
  }
  return packed;
}

export function targetsOf(packed: Uint8Array): StoredEvent['targets'] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  return Array.from({ length: bytes.length / TARGET_BYTES }, (_, at) => {
    const start = at * TARGET_BYTES;
    return {
      subscriptionId: idOf(bytes.subarray(start, start + 16)),
      subscriptionVersion: bytes.readUInt32BE(start + 16),
      deliveryId: idOf(bytes.subarray(start + 20, start + TARGET_BYTES)),
    };
  });
}
