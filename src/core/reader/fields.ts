import { pointerOf } from '../pointer.ts';

/** Where a value stands in a payload: member names and array indexes from the top. */
export type Path = readonly (string | number)[];

/** A value and the JSON pointer it came from; null = it came from the source's configuration or its type. */
export interface Field<T> {
  value: T;
  pointer: string | null;
}

const ARRAY_INDEX = /^(?:0|[1-9][0-9]{0,9})$/;
/** Control characters, which no name, tag or account has and a text column may refuse. */
const CONTROL = /\p{Cc}/u;

/** The value at `path`; undefined when any step is missing. Inherited members do not count. */
export function at(body: unknown, path: Path): unknown {
  return path.reduce<unknown>(member, body);
}

/** A non-empty text of at most `maxChars` without control characters; null for anything else. */
export function textAt(body: unknown, path: Path, maxChars: number): Field<string> | null {
  const value = at(body, path);
  if (typeof value !== 'string' || value === '' || value.length > maxChars) return null;
  if (CONTROL.test(value) || !value.isWellFormed()) return null;
  return { value, pointer: pointerOf(path) };
}

/** The array at `path`, or null. */
export function listAt(body: unknown, path: Path): readonly unknown[] | null {
  const value = at(body, path);
  return Array.isArray(value) ? value : null;
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that the payload does not hold, but the source's configuration or its type does. */
export function known<T>(value: T): Field<T> {
  return { value, pointer: null };
}

function member(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return ARRAY_INDEX.test(String(step)) ? value[Number(step)] : undefined;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}
