/** Changes to an object: a client may send back all it was shown, with the fields it wants changed. */
import { pointerOf } from '../core/pointer.ts';
import { type FieldError, problem } from '../core/problem.ts';
import { type Fields, readFields } from './fields.ts';
import { z } from './schemas/zod.ts';

type Json = Readonly<Record<string, unknown>>;

/** Any object, as it came: `readPatch` checks it. A schema of zod would leave a member named `__proto__` out silently. */
export const anyObject = z.custom<Json>((value) => typeof value === 'object' && value !== null);

/**
 * The fields of a PATCH body that differ from what GET shows, checked. A read-only field is accepted only with the
 * value it has; one that deliveries move may have moved since the caller was shown it, and is not looked at.
 */
export function readPatch<Schema extends z.ZodObject>(
  schema: Schema,
  body: Json,
  shown: Json,
  moving: readonly string[] = [],
): Fields<z.output<Schema>> {
  const before = JSON.parse(JSON.stringify(shown)) as Json;
  const changed = Object.entries(body).filter(
    ([name, value]) => !moving.includes(name) && !isShown(before, name, value),
  );
  const readOnly = changed.filter(([name]) => Object.hasOwn(before, name) && !Object.hasOwn(schema.shape, name));
  const errors: FieldError[] = readOnly.map(([name]) => ({
    pointer: pointerOf([name]),
    message: 'Read-only: leave it out, or send the value it has.',
  }));
  const writable = Object.fromEntries(changed.filter((entry) => !readOnly.includes(entry)));
  const fields = readFields(schema, writable);
  if (fields.kind === 'fields') return errors.length === 0 ? fields : problem('validation_failed', { errors });
  return { ...fields, errors: [...errors, ...(fields.errors ?? [])] };
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** The fields that were given, by type too: flows tell a field left out from one that is set. */
export function givenFields<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;
}

function isShown(before: Json, name: string, value: unknown): boolean {
  return Object.hasOwn(before, name) && sameJson(before[name], value);
}

/** Whether two parsed JSON values are equal; the order of members does not count. */
function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  const [left, right] = [a as Json, b as Json];
  return names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]));
}
