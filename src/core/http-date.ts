/** The three forms of a date that a recipient must understand (RFC 9110 §5.6.7). Always GMT. */

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/** The time a date of HTTP says, in milliseconds; null for any other text. `nowMs` decides the century of two digits. */
export function httpDateMs(text: string, nowMs: number): number | null {
  const match = FORMS.map((form) => form.exec(text)).find((found) => found !== null);
  const { day = '', month = '', year = '', hour = '', minute = '', second = '' } = match?.groups ?? {};
  if (match === undefined) return null;
  const at = MONTHS.indexOf(month);
  // A leap second is the last one the clock has.
  const clock = [Number(hour), Number(minute), Math.min(59, Number(second))] as const;
  if (clock[0] > 23 || clock[1] > 59 || Number(second) > 60) return null;
  const fullYear = year.length === 2 ? nearestYear(Number(year), nowMs) : Number(year);
  const ms = Date.UTC(fullYear, at, Number(day), ...clock);
  return new Date(ms).getUTCDate() === Number(day) ? ms : null;
}

/** A year that seems more than fifty years ahead is the latest past one with these digits. */
function nearestYear(digits: number, nowMs: number): number {
  const now = new Date(nowMs).getUTCFullYear();
  const year = now - (now % 100) + digits;
  if (year > now + 50) return year - 100;
  return year <= now - 50 ? year + 100 : year;
}
