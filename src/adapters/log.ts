/** Log lines as JSON on stderr, with pino. What could be a secret is taken out by the name of its field. */
import { type DestinationStream, destination as fileDescriptor, pino } from 'pino';
import type { Log } from '../ports.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export interface LogOptions {
  /** One of `LOG_LEVELS`; anything else counts as `info`. Who did what is written at each but `silent`. */
  level: string;
  /** stderr unless told. */
  destination?: DestinationStream;
}

/** Lower-case field names whose values never reach a line, whatever they hold. */
const SECRET_FIELDS = new Set([
  'apikey',
  'api_key',
  'authheader',
  'authorization',
  'basicpassword',
  'bearer',
  'bearertoken',
  'cookie',
  'credential',
  'credentials',
  'generatedsecret',
  'key',
  'password',
  'proxy-authorization',
  'secret',
  'secrets',
  'set-cookie',
  'signature',
  'signaturesecret',
  'signaturesecrets',
  'token',
  'url',
  'urlkey',
  'x-api-key',
]);
/** What a person did by hand to what a sender proved: written whatever the level, so that nobody can do it unseen. */
const AUDITED: ReadonlySet<string> = new Set(['receipt.accepted', 'receipt.reverified']);
const REDACTED = '[redacted]';
const TOO_DEEP = '[nested]';
const MAX_DEPTH = 5;
const URLS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;

type Fields = Readonly<Record<string, unknown>>;

/** A log of one wide line per outcome. Errors are reduced to name, code and message; their stack is for `debug`. */
export function createLog(options: LogOptions): Log {
  const level = (LOG_LEVELS as readonly string[]).includes(options.level) ? options.level : 'info';
  const destination = options.destination ?? fileDescriptor({ dest: 2, sync: false });
  const linesFrom = (least: string) => pino({ ...FORM, level: least }, destination);
  const out = linesFrom(level);
  const audit = level === 'silent' ? out : linesFrom('info');
  const stacks = level === 'debug';
  const clean = (fields: Fields) => redacted(fields, stacks, 0);
  return {
    debug: (event, fields = {}) => {
      if (stacks) out.debug(clean(fields), event);
    },
    info: (event, fields = {}) => (AUDITED.has(event) ? audit : out).info(clean(fields), event),
    warn: (event, fields = {}) => out.warn(clean(fields), event),
    error: (event, fields = {}) => out.error(clean(fields), event),
  };
}

const FORM = {
  base: null,
  messageKey: 'event',
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: named },
};

function named(label: string): { level: string } {
  return { level: label };
}

function redacted(fields: Fields, stacks: boolean, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    SECRET_FIELDS.has(name.toLowerCase()) ? REDACTED : shown(value, stacks, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

function shown(value: unknown, stacks: boolean, depth: number): unknown {
  if (typeof value === 'string') return withoutUrls(value);
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return shownError(value, stacks, depth);
  if (depth > MAX_DEPTH) return TOO_DEEP;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.map((item) => shown(item, stacks, depth + 1));
  return redacted(value as Fields, stacks, depth);
}

/** Errors of Node and undici carry URLs, which may hold credentials, in their message and in fields of their own. */
function shownError(error: Error, stacks: boolean, depth: number): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause instanceof Error && depth <= MAX_DEPTH;
  return {
    name: error.name,
    ...code,
    message: withoutUrls(error.message),
    ...(stacks ? { stack: framesOf(error) } : {}),
    ...(cause ? { cause: shown(error.cause, stacks, depth + 1) } : {}),
  };
}

function withoutUrls(text: string): string {
  return text.replace(URLS, '[url]');
}

/** The frames alone: the lines above them repeat the message. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
