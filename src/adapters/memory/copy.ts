/**
 * A deep copy of plain data: arrays, records, maps and bytes. Bytes get memory of their own, of exactly their length.
 * `structuredClone` would copy the whole pool behind a small Buffer.
 */
export function copyOf<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, copied(item)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}

/** Whether two byte strings are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
