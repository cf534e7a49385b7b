/**
 * All values a request carried for a header, in order. Names are compared without case. A repeated header shows as
 * several values, which `Headers` and `IncomingMessage.headers` hide by joining or dropping.
 */
export type HeaderValues = (name: string) => readonly string[];

/** Looks headers up in a raw list of alternating names and values, as `IncomingMessage.rawHeaders` holds them. */
export function headerValues(rawHeaders: readonly string[]): HeaderValues {
  const byName = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const values = byName.get(name) ?? [];
    values.push(rawHeaders[index + 1] ?? '');
    byName.set(name, values);
  }
  return (name) => byName.get(name.toLowerCase()) ?? [];
}
