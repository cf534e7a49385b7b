/** Statements on one connection. */
import type { ClientBase } from 'pg';
import { statementOf } from './statement.ts';
import { sent, type Values } from './values.ts';

/** One connection, inside a transaction or not. */
export interface Session {
  /** The rows of a statement, named or made of named pieces. */
  rows<Row>(statement: string | readonly string[], values?: Values): Promise<readonly Row[]>;
  row<Row>(statement: string | readonly string[], values?: Values): Promise<Row | undefined>;
  /** The number of rows that a statement wrote. */
  run(statement: string, values?: Values): Promise<number>;
  /** SQL of a migration. */
  migrate(sql: string): Promise<void>;
}

/** The session of a connection. `clockOffsetMs`: milliseconds that are added to the server's clock. */
export function sessionOn(client: ClientBase, clockOffsetMs: () => number): Session {
  async function ask(pieces: readonly string[], values: Values) {
    const { name, text, parameters } = statementOf(pieces);
    const given: Values = { clock_offset_ms: clockOffsetMs(), ...values };
    const bound = parameters.map((parameter) => {
      const value = given[parameter];
      if (value === undefined) throw new Error(`${pieces.join(' + ')} needs ${parameter}`);
      return sent(value);
    });
    return client.query({ name, text, values: bound });
  }
  // Which columns a row has is said by the statement; the caller names their type beside the statement's name.
  const rows = async <Row>(statement: string | readonly string[], values: Values = {}) => {
    const { rows: found } = await ask(typeof statement === 'string' ? [statement] : statement, values);
    return found as Row[];
  };
  return {
    rows,
    row: async <Row>(statement: string | readonly string[], values: Values = {}) =>
      (await rows<Row>(statement, values))[0],
    run: async (statement, values = {}) => (await ask([statement], values)).rowCount ?? 0,
    migrate: async (sql) => {
      await client.query(sql);
    },
  };
}
