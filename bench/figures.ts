/** Figures as people read them. */

/** Where a benchmark's text goes. */
export type Print = (text: string) => void;

/** What a window without a single sample shows. */
const NONE = '–';

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that `share` of the values do not exceed (nearest rank); NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The median of what is known in the given form, or a dash where the machine does not tell. */
export function medianOf(values: readonly (number | null | undefined)[], form: (value: number) => string): string {
  const known = values.filter((value) => value !== undefined && value !== null);
  return known.length === 0 ? NONE : form(median(known));
}

/** `min–max` in the given form. */
export function span(values: readonly number[], form: (value: number) => string): string {
  if (!values.every(Number.isFinite)) return NONE;
  return `${form(Math.min(...values))}–${form(Math.max(...values))}`;
}

/** A whole number with separators between thousands. */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : NONE;
}

/** Microseconds as milliseconds, with two decimals below ten. */
export function millis(us: number): string {
  return us < 10_000 ? ratio(us / 1000) : whole(us / 1000);
}

/** Bytes as megabytes. */
export function megabytes(bytes: number): string {
  return whole(bytes / 1e6);
}

/** A ratio with two decimals. */
export function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : NONE;
}

/** Rows of cells as right-aligned columns, the first one left-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  return rows.map((row) => `  ${line(row)}\n`).join('');
}
