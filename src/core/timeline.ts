/** Things to be looked at again at a time, earliest first: a binary heap, changed in place, that reads no clock. */

interface Entry<Value> {
  atMs: number;
  value: Value;
}

/** The entries as a heap: the one at `i` is not later than those at `2i + 1` and `2i + 2`. */
export interface Timeline<Value> {
  readonly heap: Entry<Value>[];
}

/** An empty timeline. */
export function createTimeline<Value>(): Timeline<Value> {
  return { heap: [] };
}

/** Puts a value at its time. The order of values of the same time is not promised. */
export function add<Value>({ heap }: Timeline<Value>, atMs: number, value: Value): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Entry<Value>;
    if (above.atMs <= atMs) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = { atMs, value };
}

/** The earliest time that has a value; null when there is none. */
export function nextAtMs({ heap }: Timeline<unknown>): number | null {
  return heap[0]?.atMs ?? null;
}

/** Takes the earliest value whose time is not after `nowMs`; undefined when none is due. */
export function takeDue<Value>({ heap }: Timeline<Value>, nowMs: number): Value | undefined {
  const first = heap[0];
  if (first === undefined || first.atMs > nowMs) return undefined;
  const last = heap.pop() as Entry<Value>;
  if (heap.length > 0) sinkFromTop(heap, last);
  return first.value;
}

function sinkFromTop<Value>(heap: Entry<Value>[], entry: Entry<Value>): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    const child = (heap[right]?.atMs ?? Infinity) < (heap[left]?.atMs ?? Infinity) ? right : left;
    const below = heap[child];
    if (below === undefined || below.atMs >= entry.atMs) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = entry;
}
