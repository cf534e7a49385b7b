/**
 * What only a reader looks at of an attempt, as one column of JSON. There is a row for each try for as long as anything is
 * kept, so what goes without saying is left out: half of an ordinary one.
 */
import type { AttemptDetail, AttemptRecord, Connection, Phases } from '../../core/attempt.ts';

type Kept = Omit<AttemptDetail, 'responseBody' | 'phases' | 'connection'>;

/** As it is written now, or as an earlier version of the program wrote it: that one left nothing out. */
interface Stored extends Partial<Kept> {
  phases?: Partial<Phases> | null;
  connection?: Partial<Connection> | null;
}

/** What stands in columns of their own, which some of the rest mostly repeats. */
type Columns = Pick<AttemptRecord, 'atMs'> & Pick<AttemptDetail, 'responseBody'>;

const USUAL_PHASES: Phases = { dns: null, connect: null, tls: null, send: null, firstByte: null, total: 0 };
const USUAL_CONNECTION: Connection = { remoteAddress: null, reused: true, httpVersion: '1.1' };

/** What is not written. Changed, it would change what is stored. */
function usual({ atMs, responseBody }: Columns): Kept {
  return {
    envelopeAtMs: atMs,
    sequence: null,
    facts: {},
    responseHeaders: null,
    responseTruncated: false,
    responseLength: responseBody?.length ?? null,
    mayRepeat: false,
  };
}

/** The column of an attempt's detail; the body of the response has one of its own. */
export function detailColumn({ atMs, detail }: Pick<AttemptRecord, 'atMs' | 'detail'>): string {
  const { responseBody, phases, connection, facts, ...others } = detail;
  const stored: Stored = unusual(others, usual({ atMs, responseBody }));
  if (phases !== null) stored.phases = unusual(phases, USUAL_PHASES);
  if (connection !== null) stored.connection = unusual(connection, USUAL_CONNECTION);
  if (Object.keys(facts).length > 0) stored.facts = facts;
  return JSON.stringify(stored);
}

/** The detail that stands in a column. */
export function detailOf(column: string, columns: Columns): AttemptDetail {
  const { phases = null, connection = null, ...kept }: Stored = JSON.parse(column);
  return {
    ...usual(columns),
    ...kept,
    phases: phases === null ? null : { ...USUAL_PHASES, ...phases },
    connection: connection === null ? null : { ...USUAL_CONNECTION, ...connection },
    responseBody: columns.responseBody,
  };
}

/** The fields whose values are not the usual ones. In a loop, because it is done for every try. */
function unusual<Fields extends object>(
  fields: Fields,
  usually: { readonly [Name in keyof Fields]: unknown },
): Partial<Fields> {
  const found: Partial<Fields> = {};
  for (const name in fields) if (fields[name] !== usually[name]) found[name] = fields[name];
  return found;
}
