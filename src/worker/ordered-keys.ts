/**
 * The keys of one ordered lane that this process attends to (O1). Each stands for the first open item of its key: in
 * memory, on its way, or waiting for its next try. What stands behind it stays in the store until it is closed.
 * Keys nobody knows of yet are found by a sweep over the heads of the lane.
 */

export interface Head {
  pos: number;
  /** Something may stand behind it. */
  behind: boolean;
}

export interface OrderedKeys {
  readonly heads: Map<string, Head>;
  /** How far the sweep got. */
  afterKey: string | null;
  /** Every key of the lane is known. */
  swept: boolean;
  /** After an unclean takeover: what the first sweep finds may have been sent before. */
  suspect: boolean;
  /** Something came in behind the sweep: it starts again when it is through. */
  missed: boolean;
}

/**
 * More keys than this are not attended to at once; those beyond wait for the next sweep. A key takes some 250 bytes,
 * and one whose head is tried for hours keeps its place.
 */
export const MAX_KEYS = 100_000;

/** @param begun `swept` when the lane is known to hold no keys */
export function createKeys(begun: { swept: boolean; suspect: boolean }): OrderedKeys {
  return { heads: new Map(), afterKey: null, missed: false, ...begun };
}

/** An item was put at the end of its key. True when it is the first one, and the caller sends it. */
export function arrived(keys: OrderedKeys, key: string, pos: number): boolean {
  const head = keys.heads.get(key);
  if (head !== undefined) {
    head.behind = true;
    return false;
  }
  if (!keys.swept || isFullOfKeys(keys)) {
    sweepAgain(keys);
    return false;
  }
  keys.heads.set(key, { pos, behind: false });
  return true;
}

/** The first item of a key was closed. True when the next one is to be read; else the key is done with. */
export function closed(keys: OrderedKeys, key: string): boolean {
  const head = keys.heads.get(key);
  if (head === undefined) return false;
  if (!head.behind) keys.heads.delete(key);
  return head.behind;
}

/** The next item of a key is about to be read: what comes in meanwhile counts as behind it. */
export function reading(keys: OrderedKeys, key: string): Head | undefined {
  const head = keys.heads.get(key);
  if (head !== undefined) head.behind = false;
  return head;
}

/** What was read of a key: its first item now, or nothing. True when it must be read once more. */
export function wasRead(keys: OrderedKeys, key: string, found: { pos: number; more: boolean } | null): boolean {
  const head = keys.heads.get(key);
  if (head === undefined) return false;
  if (found === null) {
    if (head.behind) return true;
    keys.heads.delete(key);
    return false;
  }
  head.pos = found.pos;
  head.behind ||= found.more;
  return false;
}

/** A head left memory unsettled, or nobody knows what became of it: the next sweep finds it again. */
export function lost(keys: OrderedKeys, key: string): void {
  keys.heads.delete(key);
  sweepAgain(keys);
}

/** The sweep came upon the head of a key; true when nobody attends to it yet and it is taken. */
export function found(keys: OrderedKeys, key: string, pos: number): boolean {
  keys.afterKey = key;
  if (keys.heads.has(key)) return false;
  keys.heads.set(key, { pos, behind: true });
  return true;
}

/** The sweep came upon a head that was closed meanwhile: what stands behind it is found the next time. */
export function passedBy(keys: OrderedKeys, key: string): void {
  keys.afterKey = key;
  if (!keys.heads.has(key)) sweepAgain(keys);
}

/** Whether no more keys are attended to. */
export function isFullOfKeys(keys: OrderedKeys): boolean {
  return keys.heads.size >= MAX_KEYS;
}

/** A page was swept. */
export function pageDone(keys: OrderedKeys, more: boolean): void {
  if (more) return;
  keys.afterKey = null;
  keys.suspect = false;
  keys.swept = !keys.missed;
  keys.missed = false;
}

/** Something stands in the lane that is not attended to. */
export function sweepAgain(keys: OrderedKeys): void {
  if (keys.swept) keys.swept = false;
  else keys.missed = true;
}
