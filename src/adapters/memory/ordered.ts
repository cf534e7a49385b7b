/** A map that can be walked in the order of its keys from any of them. */
export interface Ordered<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  /** Adds the value or replaces the one that stands under `key`. */
  set(key: K, value: V): void;
  /** False when nothing stood under `key`. */
  delete(key: K): boolean;
  /** Values behind `key`, smallest key first; all of them for null. Do not change the map while walking. */
  after(key: K | null): IteratorObject<V>;
  /** Values before `key`, greatest key first; all of them for null. Do not change the map while walking. */
  before(key: K | null): IteratorObject<V>;
}

interface Entry<K, V> {
  key: K;
  value: V;
}

/** Runs this short make an insert cheap; with 10^6 entries the list of runs is still only some thousands long. */
const MAX_RUN = 256;

/** Makes an empty map over the order that `compare` tells (negative: the first is smaller). */
export function createOrdered<K, V>(compare: (a: K, b: K) => number): Ordered<K, V> {
  const runs: Entry<K, V>[][] = [];
  let size = 0;

  /** The run that holds `key`, or would; -1 when there is none yet. */
  const runOf = (key: K): number => {
    const behind = firstWhere(runs, ([first]) => first !== undefined && compare(first.key, key) > 0);
    return runs.length === 0 ? -1 : Math.max(0, behind - 1);
  };
  const find = (key: K): { run: Entry<K, V>[]; at: number; found: boolean; index: number } => {
    const index = runOf(key);
    const run = runs[index] ?? [];
    const at = firstWhere(run, (entry) => compare(entry.key, key) >= 0);
    const entry = run[at];
    return { run, at, index, found: entry !== undefined && compare(entry.key, key) === 0 };
  };

  return {
    get size() {
      return size;
    },
    get(key) {
      const { run, at, found } = find(key);
      return found ? run[at]?.value : undefined;
    },
    set(key, value) {
      const { run, at, index, found } = find(key);
      run.splice(at, found ? 1 : 0, { key, value });
      if (!found) size += 1;
      if (index === -1) runs.push(run);
      else if (run.length > MAX_RUN) runs.splice(index + 1, 0, run.splice(MAX_RUN / 2));
    },
    delete(key) {
      const { run, at, index, found } = find(key);
      if (!found) return false;
      run.splice(at, 1);
      size -= 1;
      if (run.length === 0) runs.splice(index, 1);
      return true;
    },
    *after(key) {
      const start = key === null ? 0 : Math.max(0, runOf(key));
      for (let index = start; index < runs.length; index++) {
        for (const entry of runs[index] ?? []) {
          if (key === null || compare(entry.key, key) > 0) yield entry.value;
        }
      }
    },
    *before(key) {
      for (let index = key === null ? runs.length - 1 : runOf(key); index >= 0; index--) {
        for (const entry of (runs[index] ?? []).toReversed()) {
          if (key === null || compare(entry.key, key) < 0) yield entry.value;
        }
      }
    },
  };
}

/** Index of the first item that passes a test which all later ones pass too; the length when none does. */
function firstWhere<T>(items: readonly T[], passes: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && passes(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Order of texts by their UTF-16 code units; ids compare as their bytes do. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
