/** A PostgreSQL store in a database of its own, with the handles that only a test may turn. */
import { after } from 'node:test';
import { Client } from 'pg';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { install } from '../../src/adapters/postgres/install.ts';
import { openPostgresStore, type PostgresOptions } from '../../src/adapters/postgres/store.ts';
import type { OpenStore, StoreUnderTest } from '../store-contract/harness.ts';
import { type PostgresServer, type PostgresVersion, startPostgres } from './postgres-server.ts';
import { QUIET_LOG } from './sqlite.ts';

/** A server that tests make databases on. */
export interface TestServer {
  name: string;
  /** Makes an empty database with all migrations; its address. */
  database(): Promise<string>;
  drop(url: string): Promise<void>;
}

const VERSIONS: readonly PostgresVersion[] = ['15', '18'];

/** The servers to test on: the user's own, by DATABASE_URL, or one of each version from npm. */
export function testServers(): readonly TestServer[] {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== '')
    return [testServer('postgres', async () => ({ url: given, stop: async () => {} }))];
  return VERSIONS.map((version) => testServer(`postgres ${version}`, () => startPostgres(version)));
}

/** Starts when it is first asked for and ends after the last test of the file. */
function testServer(name: string, start: () => Promise<PostgresServer>): TestServer {
  let running: Promise<{ server: PostgresServer; admin: Client; template: string }> | null = null;
  let made = 0;
  const prefix = `hookyard_test_${process.pid}_${name.replace(/\D/g, '')}`;
  const started = () => {
    running ??= prepared(start, `${prefix}_template`);
    return running;
  };
  after(async () => {
    if (running === null) return;
    const { server, admin, template } = await running;
    await admin.query(`drop database if exists ${template} with (force)`);
    await admin.end();
    await server.stop();
  });
  return {
    name,
    database: async () => {
      const { server, admin, template } = await started();
      made += 1;
      await admin.query(`create database ${prefix}_${made} template ${template}`);
      return databaseAt(server.url, `${prefix}_${made}`);
    },
    drop: async (url) => {
      const { admin } = await started();
      await admin.query(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
    },
  };
}

/** With a database of all migrations that others are copied from: a fifth of the time that migrating each takes. */
async function prepared(start: () => Promise<PostgresServer>, template: string) {
  const server = await start();
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`create database ${template}`);
  const url = databaseAt(server.url, template);
  const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {} });
  await install(database, 1);
  await database.close();
  const cleaner = new Client({ connectionString: url });
  await cleaner.connect();
  await cleaner.query('truncate shard, meta');
  await cleaner.end();
  return { server, admin, template };
}

function databaseAt(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** The store under the contract tests, with one shard like the others unless told otherwise. */
export function openPostgresOn(server: TestServer): OpenStore {
  return async (options = {}): Promise<StoreUnderTest> => {
    const url = await server.database();
    let offsetMs = 0;
    const settings: PostgresOptions = { url, log: QUIET_LOG, shards: 1, clockOffsetMs: () => offsetMs, ...options };
    let opened = await openPostgresStore(settings);
    return {
      get store() {
        return opened.store;
      },
      advance: async (ms) => {
        offsetMs += ms;
      },
      crash: async () => {
        await opened.faults.crash();
        opened = await openPostgresStore(settings);
      },
      close: async () => {
        await opened.store.close();
        await server.drop(url);
      },
    };
  };
}
