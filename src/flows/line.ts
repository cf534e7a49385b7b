import type { Id } from '../core/ids.ts';

/** Runs what is to be done with one object once all is done that was to be done with it before. */
export type InLine = <Outcome>(id: Id, run: () => Promise<Outcome>) => Promise<Outcome>;

/** A line for each object; an object that nothing waits for is forgotten. */
export function createLines(): InLine {
  /** The last one in each line. */
  const lines = new Map<Id, Promise<unknown>>();
  return (id, run) => {
    const mine = (lines.get(id) ?? Promise.resolve()).then(run, run);
    lines.set(id, mine);
    const leave = () => {
      if (lines.get(id) === mine) lines.delete(id);
    };
    mine.then(leave, leave);
    return mine;
  };
}
