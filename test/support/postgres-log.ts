/** A log that a test reads. */
import type { Log } from '../../src/ports.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Keeps what is logged; `fieldsOf` says with which fields an event was. */
export function recordedLog(): Log & { fieldsOf(event: string): readonly Fields[] } {
  const lines: { event: string; fields: Fields }[] = [];
  const note = (event: string, fields: Fields = {}) => {
    lines.push({ event, fields });
  };
  return {
    debug: note,
    info: note,
    warn: note,
    error: note,
    fieldsOf: (event) => lines.filter((line) => line.event === event).map(({ fields }) => fields),
  };
}
