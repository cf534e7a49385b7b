/** The targets of an event as one column: 36 bytes each, so that a thousand of them are one read. */
import type { StoredEvent } from '../../ports/store.ts';
import type { DeliveryPacket } from './packets.ts';
import { blob, idOf } from './rows.ts';

const TARGET_BYTES = 36;

export function packTargets(deliveries: readonly DeliveryPacket[]): Uint8Array {
  const packed = Buffer.alloc(deliveries.length * TARGET_BYTES);
  for (const [at, [deliveryId, subscriptionId, version]] of deliveries.entries()) {
    const start = at * TARGET_BYTES;
    packed.set(blob(subscriptionId), start);
    packed.writeUInt32BE(version, start + 16);
    packed.set(blob(deliveryId), start + 20);
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
