/** A line in which senders take turns: however many of one wait, another's first is soon the next. */

export interface WaitingLine<One> {
  readonly size: number;
  add(sender: string, one: One): void;
  /** Who is next; null when nobody waits. */
  next(): One | null;
  /** Takes one out; false when it waits no more. @param hadTurn whether its sender comes last from now on */
  remove(sender: string, one: One, hadTurn: boolean): boolean;
  /** The last one of the sender of whom the most wait, if those are at least two more than wait of `sender`. */
  displacedBy(sender: string): One | null;
}

/** Nobody waits yet. Of one sender the first to come is the first to go. */
export function createWaitingLine<One>(): WaitingLine<One> {
  /** By sender, in the order of their turns; none is empty. */
  const waiting = new Map<string, Set<One>>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(sender, one) {
      const ones = waiting.get(sender) ?? new Set();
      waiting.set(sender, ones.add(one));
      size++;
    },
    next() {
      for (const ones of waiting.values()) for (const one of ones) return one;
      return null;
    },
    remove(sender, one, hadTurn) {
      const ones = waiting.get(sender);
      if (ones?.delete(one) !== true) return false;
      size--;
      if (ones.size === 0 || hadTurn) waiting.delete(sender);
      if (ones.size > 0 && hadTurn) waiting.set(sender, ones);
      return true;
    },
    displacedBy(sender) {
      const most = [...waiting.values()].reduce((a, b) => (b.size > a.size ? b : a), new Set<One>());
      return most.size >= (waiting.get(sender)?.size ?? 0) + 2 ? ([...most].at(-1) ?? null) : null;
    },
  };
}
