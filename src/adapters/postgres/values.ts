/** Values on their way to PostgreSQL and back. */
import { type CustomTypesConfig, types } from 'pg';
import { byteArray, isByteArray } from './byte-array.ts';
import { plainText, storedText } from './text.ts';

type Scalar = null | boolean | number | string | Uint8Array;
export type Value = Scalar | readonly Scalar[];
/** By the names of a statement's parameters. */
export type Values = Readonly<Record<string, Value>>;

/** The value of a parameter; the driver makes array literals of arrays. */
export function sent(value: Value): unknown {
  if (typeof value === 'string') return storedText(value);
  if (isByteArray(value)) return byteArray(value);
  return Array.isArray(value) ? value.map((item) => (typeof item === 'string' ? storedText(item) : item)) : value;
}

const { BYTEA, INT8, TEXT } = types.builtins;

/** What columns come back as: the driver would give bigints as text and bytes as views of its own buffers. */
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [TEXT, plainText],
  [BYTEA, (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))],
]);

export const RECEIVED: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    PARSERS.get(oid) ?? types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
};

/** Arrays for `unnest`, one for each column, from the rows they are columns of. */
export function columns<Row>(
  rows: readonly Row[],
  of: Readonly<Record<string, (row: Row) => Scalar>>,
): Readonly<Record<string, readonly Scalar[]>> {
  return Object.fromEntries(Object.entries(of).map(([name, column]) => [name, rows.map(column)]));
}
