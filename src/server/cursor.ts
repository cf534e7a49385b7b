/** Cursors: a place in a list that is newest first, as text that callers hand back as it is. */
import { type Id, isId } from '../core/ids.ts';

/** What is older than an id, the newest of it first; or the page of what is newer that stands next to it. */
export interface Turn {
  kind: 'older' | 'newer';
  than: Id;
}

/** The last byte of a cursor to what is newer; none of its ends could be cut off or added without being seen. */
const NEWER = 'ff';
const BYTES = /^(.{8})(.{4})(.{4})(.{4})(.{12})(|ff)$/;

/** The cursor of a turn: the bytes of its id, and one more for what is newer. */
export function cursorOf({ kind, than }: Turn): string {
  const hex = than.replaceAll('-', '') + (kind === 'newer' ? NEWER : '');
  return Buffer.from(hex, 'hex').toString('base64url');
}

/** The turn of a cursor; null when it is not one, letter for letter. */
export function turnOf(cursor: string): Turn | null {
  const [, ...parts] = BYTES.exec(Buffer.from(cursor, 'base64url').toString('hex')) ?? [];
  const kind = parts.pop() === NEWER ? 'newer' : 'older';
  const turn: Turn = { kind, than: parts.join('-') };
  return isId(turn.than) && cursorOf(turn) === cursor ? turn : null;
}
