/** Times as senders write them. Never `Date.parse`: it guesses zones and takes half-dates. */

/** A time of a payload and the format it was written in. */
export interface ReadTime {
  timeMs: number;
  format: 'unix s' | 'unix ms' | 'iso' | 'iso, zone of the source';
}

/** No sender of ours is older than 2010; a number that says so is a wrong unit or an unset clock. */
const EARLIEST_NUMBER_MS = Date.UTC(2010, 0, 1);
/** A date that is written out has no unit to be wrong, and documented samples go back to 2006. */
const EARLIEST_TEXT_MS = Date.UTC(2000, 0, 1);
const MAX_AHEAD_MS = 86_400_000;
/** Unix seconds reach this in the year 5138; milliseconds passed it in 1973. */
const FIRST_UNIX_MS = 1e11;
const DAY_MS = 86_400_000;

/** Date and time of ISO 8601 or RFC 3339, `T` or a space between them, 0 to 9 digits of fraction, zone optional. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))? ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;
const OFFSET = /^([+-])(\d{2}):?(\d{2})?$/;

/**
 * Reads a time: unix seconds (whole or not), unix milliseconds, ISO text with `Z`, `UTC`, an offset or, where
 * `timeZone` is known, none.
 * @returns null when it is no time, has no zone, lies before 2010 (written out: 2000) or more than 24 hours after
 *   `receivedAtMs`
 */
export function readTime(value: unknown, timeZone: string | null, receivedAtMs: number): ReadTime | null {
  const read =
    typeof value === 'number' ? readUnix(value) : typeof value === 'string' ? readIso(value, timeZone) : null;
  if (read === null || !Number.isFinite(read.timeMs)) return null;
  const earliestMs = typeof value === 'number' ? EARLIEST_NUMBER_MS : EARLIEST_TEXT_MS;
  return read.timeMs >= earliestMs && read.timeMs <= receivedAtMs + MAX_AHEAD_MS ? read : null;
}

/** True for an offset such as `+02:00` or a zone name this runtime knows. */
export function isTimeZone(text: string): boolean {
  return offsetMinutes(text) !== null || zoneFormat(text) !== null;
}

function readUnix(value: number): ReadTime {
  if (value < FIRST_UNIX_MS) return { timeMs: Math.round(value * 1000), format: 'unix s' };
  return { timeMs: Math.round(value), format: 'unix ms' };
}

function readIso(text: string, timeZone: string | null): ReadTime | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const localMs = civilMs(match);
  if (localMs === null) return null;
  const zone = match[8];
  if (zone !== undefined) {
    const minutes = offsetMinutes(zone);
    return minutes === null ? null : { timeMs: localMs - minutes * 60_000, format: 'iso' };
  }
  const timeMs = timeZone === null ? null : inZone(localMs, timeZone);
  return timeMs === null ? null : { timeMs, format: 'iso, zone of the source' };
}

/** The wall-clock reading of a match as if in UTC, whole milliseconds; null for a day or hour that does not exist. */
function civilMs(match: RegExpExecArray): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const fractionMs = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  return Date.UTC(year, month - 1, day, hour, minute, second, fractionMs);
}

function daysIn(year: number, month: number): number {
  return (Date.UTC(year, month, 1) - Date.UTC(year, month - 1, 1)) / DAY_MS;
}

function offsetMinutes(zone: string): number | null {
  if (/^(?:Z|UTC|GMT)$/i.test(zone)) return 0;
  const match = OFFSET.exec(zone);
  if (match === null) return null;
  const hours = Number(match[2]);
  const minutes = Number(match[3] ?? '0');
  if (hours > 14 || minutes > 59) return null;
  return (match[1] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** The instant of a wall-clock reading in a zone. Twice, because the offset depends on the instant sought. */
function inZone(localMs: number, timeZone: string): number | null {
  const fixed = offsetMinutes(timeZone);
  if (fixed !== null) return localMs - fixed * 60_000;
  const format = zoneFormat(timeZone);
  if (format === null) return null;
  const guessMs = localMs - zoneOffsetMs(format, localMs);
  return localMs - zoneOffsetMs(format, guessMs);
}

function zoneOffsetMs(format: Intl.DateTimeFormat, atMs: number): number {
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const secondMs = Math.floor(atMs / 1000) * 1000;
  const localMs = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return localMs - secondMs;
}

/** null for a name the runtime does not know: `Intl` has no other way to ask than to try. */
function zoneFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return null;
  }
}
