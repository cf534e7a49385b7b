/** One SQLite connection with its named, cached statements. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { compose, loadStatements, type Statements, statementNamed } from '../sql/statements.ts';

export type Value = null | number | string | Uint8Array;

export interface Database {
  /** Runs a writing statement; the number of rows it changed. */
  run(name: string, ...values: readonly Value[]): number;
  get<Row>(name: string, ...values: readonly Value[]): Row | undefined;
  all<Row>(name: string, ...values: readonly Value[]): readonly Row[];
  /** The statement made of the named pieces, with named parameters. */
  select<Row>(pieces: readonly string[], values: Readonly<Record<string, Value>>): readonly Row[];
  /** One or more statements without parameters and rows. */
  execute(name: string): void;
  /** SQL of a migration. */
  migrate(sql: string): void;
  inTransaction(): boolean;
  close(): void;
}

let loaded: Statements | null = null;

/** All statements of this adapter, read once per thread. */
export function sqliteStatements(): Statements {
  loaded ??= loadStatements(new URL('./sql/', import.meta.url));
  return loaded;
}

/**
 * Opens a database file. `reading` makes a connection that cannot write, `copying` one for checkpoints alone. Throws what
 * SQLite throws.
 */
export function openDatabase(path: string, mode: 'writing' | 'reading' | 'copying' | 'lock'): Database {
  // The two threads of one store never wait for each other in WAL mode, except while one of them recovers the log.
  const timeout = mode === 'lock' || mode === 'copying' ? 0 : 5000;
  const connection = new DatabaseSync(path, { readOnly: mode === 'reading', timeout });
  const database = databaseOn(connection, sqliteStatements());
  if (mode === 'reading') database.execute('open_for_reading');
  if (mode === 'writing') database.execute('open_for_writing');
  return database;
}

function databaseOn(connection: DatabaseSync, statements: Statements): Database {
  const prepared = new Map<string, StatementSync>();
  function statement(name: string, sql: () => string): StatementSync {
    let found = prepared.get(name);
    if (found === undefined) {
      found = connection.prepare(sql());
      prepared.set(name, found);
    }
    return found;
  }
  const named = (name: string) => prepared.get(name) ?? statement(name, () => statementNamed(statements, name));
  // Which columns a row has is said by the statement; the caller names their type beside the statement's name.
  return {
    run: (name, ...values) => Number(named(name).run(...values).changes),
    get: <Row>(name: string, ...values: readonly Value[]) => named(name).get(...values) as Row | undefined,
    all: <Row>(name: string, ...values: readonly Value[]) => named(name).all(...values) as Row[],
    select: <Row>(pieces: readonly string[], values: Readonly<Record<string, Value>>) =>
      statement(pieces.join('+'), () => compose(statements, pieces)).all(values) as Row[],
    execute: (name) => connection.exec(statementNamed(statements, name)),
    migrate: (sql) => connection.exec(sql),
    inTransaction: () => connection.isTransaction,
    close: () => connection.close(),
  };
}
