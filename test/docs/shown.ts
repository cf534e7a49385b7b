/** Compares what a document shows with what really came. */

/** Stands in a document for text that differs each time, alone or inside a longer text. */
const ANYTHING = '…';

/**
 * Where `actual` is not what a document shows, as the path of the first difference; null when it is. What a document
 * leaves out of an object or at the end of a list may be anything.
 */
export function differenceFrom(shown: unknown, actual: unknown, path = '$'): string | null {
  if (typeof shown === 'string' && shown.includes(ANYTHING)) {
    return typeof actual === 'string' && like(shown).test(actual) ? null : differs(path, actual);
  }
  if (typeof shown !== 'object' || shown === null) return shown === actual ? null : differs(path, actual);
  if (typeof actual !== 'object' || actual === null) return differs(path, actual);
  const fields = new Map(Object.entries(actual));
  for (const [name, value] of Object.entries(shown)) {
    const difference = differenceFrom(value, fields.get(name), `${path}.${name}`);
    if (difference !== null) return difference;
  }
  return null;
}

function differs(path: string, actual: unknown): string {
  return `${path} is ${JSON.stringify(actual)}`;
}

function like(shown: string): RegExp {
  return new RegExp(`^${shown.split(ANYTHING).map(RegExp.escape).join('.*')}$`, 's');
}
