/** What is wrong with the fields of a request, in plain words and with pointers. */
import { pointerOf } from '../core/pointer.ts';
import { type FieldError, type Problem, problem } from '../core/problem.ts';
import type { z } from './schemas/zod.ts';

export const UNKNOWN_FIELD = 'Unknown field.';
const READ_ONLY = 'Read-only: leave it out.';
export const REQUIRED = 'Required.';

/** More than anybody corrects at once; without a limit a refusal can be twenty times its request. */
export const MAX_ERRORS = 100;

/** What JSON calls the types, as the messages do. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** The message for a value of another type than `type`. */
export function mustBe(type: 'string' | 'number' | 'int' | 'boolean' | 'object' | 'array'): string {
  return `Must be ${TYPE_WORDS[type]}.`;
}

/** The message for a string or list whose size is outside its limits. */
export function sizeOf(what: 'characters' | 'items', bound: 'most' | 'least', size: number): string {
  return `At ${bound} ${size} ${size === 1 ? what.slice(0, -1) : what}.`;
}

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** Plain words for an issue that has no message of its own. */
function wordsFor(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? REQUIRED : `Must be ${TYPE_WORDS[issue.expected] ?? issue.expected}.`;
    case 'too_big':
      return boundWords(issue.origin, 'most', Number(issue.maximum));
    case 'too_small':
      return boundWords(issue.origin, 'least', Number(issue.minimum));
    case 'invalid_value':
      return issue.input === undefined ? REQUIRED : `One of ${issue.values.map(String).join(', ')}.`;
    case 'unrecognized_keys':
      return UNKNOWN_FIELD;
    default:
      return 'Not valid.';
  }
}

function boundWords(origin: string, bound: 'most' | 'least', size: number): string {
  if (origin === 'string') return sizeOf('characters', bound, size);
  if (origin === 'array' || origin === 'set') return sizeOf('items', bound, size);
  return `At ${bound} ${size}.`;
}

function errorsOf(issue: z.core.$ZodIssue, toPointer: (path: readonly PropertyKey[]) => string): FieldError[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: toPointer(issue.path), message: issue.message }];
  return issue.keys
    .slice(0, MAX_ERRORS)
    .map((key) => ({ pointer: toPointer([...issue.path, key]), message: UNKNOWN_FIELD }));
}

function queryPointer(path: readonly PropertyKey[]): string {
  return `?${String(path[0] ?? '')}`;
}

export type Fields<Output> = { kind: 'fields'; fields: Output } | Problem;

/**
 * Checks a parsed body against a schema; everything wrong is named at once.
 * @param shown names of the fields that the answer has: those that the body does not take are read-only
 */
export function readFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  shown: readonly string[] = [],
): Fields<z.output<Schema>> {
  const fields = check(schema, value, pointerOf);
  if (fields.kind === 'fields' || shown.length === 0) return fields;
  const readOnly = shown.map((name) => pointerOf([name]));
  const errors = (fields.errors ?? []).map((error) =>
    error.message === UNKNOWN_FIELD && readOnly.includes(error.pointer) ? { ...error, message: READ_ONLY } : error,
  );
  return { ...fields, errors };
}

/** Checks query parameters; unknown and repeated ones are refused. Pointers are `?name`. */
export function readQuery<Schema extends z.ZodType>(schema: Schema, query: URLSearchParams): Fields<z.output<Schema>> {
  const names = [...query.keys()];
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) {
    const errors = [...new Set(twice)].map((name) => ({ pointer: `?${name}`, message: 'Given more than once.' }));
    return problem('validation_failed', { errors });
  }
  return check(schema, Object.fromEntries(query), queryPointer);
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  toPointer: (path: readonly PropertyKey[]) => string,
): Fields<z.output<Schema>> {
  const result = schema.safeParse(value, { error: wordsFor });
  if (result.success) return { kind: 'fields', fields: result.data };
  // One message each: a list where a string belongs would also be measured as a string.
  const firsts = new Map<string, FieldError>();
  for (const issue of result.error.issues) {
    for (const error of errorsOf(issue, toPointer)) if (!firsts.has(error.pointer)) firsts.set(error.pointer, error);
    if (firsts.size >= MAX_ERRORS) break;
  }
  return problem('validation_failed', { errors: [...firsts.values()].slice(0, MAX_ERRORS) });
}
