/**
 * The checks of `POST /api/v1/events` by hand: zod costs more than all the rest of accepting an event. A test feeds
 * the same inputs to these and to the schema of the document and compares every message and pointer.
 */
import { isEventType, isReservedType } from '../core/event.ts';
import { isOwnerPath } from '../core/owner.ts';
import { pointerOf } from '../core/pointer.ts';
import { type FieldError, type Problem, problem } from '../core/problem.ts';
import {
  EVENT_TYPE_WORDS,
  eventHeaderErrors,
  MAX_ID_CHARACTERS,
  MAX_TAG_CHARACTERS,
  MAX_TAGS,
  OWNER_WORDS,
  RESERVED_WORDS,
} from './event-rules.ts';
import { MAX_ERRORS, mustBe, REQUIRED, sizeOf, UNKNOWN_FIELD } from './fields.ts';
import { isWhole, WHOLE_WORDS } from './text-input.ts';
import { readTimeMs, TIME_WORDS } from './time-input.ts';

/** The fields of an accepted body; `data` apart, which is taken as bytes. */
export interface EventFields {
  kind: 'event';
  type: string;
  /** Parsed, for filters. */
  data: unknown;
  id?: string | undefined;
  owner?: string | undefined;
  occurredAtMs?: number | undefined;
  tags?: readonly string[] | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  orderingKey?: string | undefined;
}

const NAMES = new Set(['type', 'data', 'id', 'owner', 'occurredAt', 'tags', 'headers', 'orderingKey']);

type Body = Readonly<Record<string, unknown>>;

/** Checks the parsed body of an event. Everything wrong is named at once. */
export function readEvent(body: Body): EventFields | Problem {
  const errors: FieldError[] = [];
  const fields: EventFields = {
    kind: 'event',
    type: requiredText(body, 'type', isEventType, EVENT_TYPE_WORDS, errors),
    data: body.data,
    id: sizedText(body, 'id', errors),
    owner: text(body, 'owner', isOwnerPath, OWNER_WORDS, errors),
    occurredAtMs: time(body, errors),
    tags: tags(body, errors),
    headers: headers(body, errors),
    orderingKey: sizedText(body, 'orderingKey', errors),
  };
  if (isEventType(fields.type) && isReservedType(fields.type))
    errors.push({ pointer: '/type', message: RESERVED_WORDS });
  if (!('data' in body)) errors.push({ pointer: '/data', message: REQUIRED });
  for (const name of Object.keys(body)) {
    if (errors.length >= MAX_ERRORS) break;
    if (!NAMES.has(name)) errors.push({ pointer: pointerOf([name]), message: UNKNOWN_FIELD });
  }
  return errors.length === 0 ? fields : problem('validation_failed', { errors });
}

type Rule = (value: string) => boolean;

function requiredText(body: Body, name: string, rule: Rule, words: string, errors: FieldError[]): string {
  const value = text(body, name, rule, words, errors);
  if (body[name] === undefined) errors.push({ pointer: `/${name}`, message: REQUIRED });
  return value ?? '';
}

function text(body: Body, name: string, rule: Rule, words: string, errors: FieldError[]): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') errors.push({ pointer: `/${name}`, message: mustBe('string') });
  else if (!rule(value)) errors.push({ pointer: `/${name}`, message: words });
  else return value;
  return undefined;
}

function sizedText(body: Body, name: string, errors: FieldError[]): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  const message = textFault(value, MAX_ID_CHARACTERS);
  if (message === null) return String(value);
  errors.push({ pointer: `/${name}`, message });
  return undefined;
}

function textFault(value: unknown, max: number): string | null {
  if (typeof value !== 'string') return mustBe('string');
  if (value.length > max) return sizeOf('characters', 'most', max);
  if (value.length === 0) return sizeOf('characters', 'least', 1);
  return isWhole(value) ? null : WHOLE_WORDS;
}

function time(body: Body, errors: FieldError[]): number | undefined {
  const value = text(body, 'occurredAt', (written) => readTimeMs(written) !== null, TIME_WORDS, errors);
  return value === undefined ? undefined : (readTimeMs(value) ?? undefined);
}

function tags(body: Body, errors: FieldError[]): readonly string[] | undefined {
  const value = body.tags;
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    errors.push({ pointer: '/tags', message: mustBe('array') });
    return undefined;
  }
  if (value.length > MAX_TAGS) {
    errors.push({ pointer: '/tags', message: sizeOf('items', 'most', MAX_TAGS) });
    return undefined;
  }
  value.forEach((tag: unknown, at) => {
    const message = textFault(tag, MAX_TAG_CHARACTERS);
    if (message !== null) errors.push({ pointer: `/tags/${at}`, message });
  });
  return value;
}

function headers(body: Body, errors: FieldError[]): Readonly<Record<string, string>> | undefined {
  const value = body.headers;
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    errors.push({ pointer: '/headers', message: mustBe('object') });
    return undefined;
  }
  const wrong = Object.entries(value).filter(([, text]) => typeof text !== 'string');
  for (const [name] of wrong.slice(0, MAX_ERRORS))
    errors.push({ pointer: pointerOf(['headers', name]), message: mustBe('string') });
  if (wrong.length > 0) return undefined;
  const named = value as Readonly<Record<string, string>>;
  for (const { path, message } of eventHeaderErrors(named)) {
    errors.push({ pointer: pointerOf(['headers', ...path]), message });
  }
  return named;
}
