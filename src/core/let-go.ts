/**
 * Gives the memory of bytes back at once, where the collector would learn of it late. They are empty from then on, so
 * only who was the last to look at them may. Bytes in a part of an allocation are left as they are.
 */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
