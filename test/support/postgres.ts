/** A PostgreSQL store in a schema of its own, with the handles that only a test may turn. */
import { after } from 'node:test';
import { Client } from 'pg';
import { openPostgresStore, type PostgresOpened, type PostgresOptions } from '../../src/adapters/postgres/store.ts';
import type { OpenStore, StoreUnderTest } from '../store-contract/harness.ts';
import { neighboursOf, type OpenProcesses } from '../store-contract/neighbours-harness.ts';
import { PATIENT } from './postgres-patience.ts';
import { type PostgresServer, type PostgresVersion, startPostgres } from './postgres-server.ts';
import { QUIET_LOG } from './sqlite.ts';

/** A server that tests make schemas on: one takes a tenth of the time of a database. */
export interface TestServer {
  name: string;
  /** Makes an empty schema; the address under which it is all that is seen. */
  schema(): Promise<string>;
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
function testServer(name: string, start: () => Promise<Pick<PostgresServer, 'url' | 'stop'>>): TestServer {
  let running: ReturnType<typeof connected> | null = null;
  let made = 0;
  const started = () => {
    running ??= start().then(connected);
    return running;
  };
  after(async () => {
    if (running === null) return;
    const { server, admin } = await running;
    await admin.end();
    await server.stop();
  });
  return {
    name,
    schema: async () => {
      const { server, admin } = await started();
      made += 1;
      const schema = `hookyard_test_${process.pid}_${made}`;
      await admin.query(`create schema ${schema}`);
      const url = new URL(server.url);
      url.searchParams.set('options', `-csearch_path=${schema}`);
      return url.href;
    },
    drop: async (url) => {
      const { admin } = await started();
      await admin.query(`drop schema ${new URL(url).searchParams.get('options')?.split('=').at(-1)} cascade`);
    },
  };
}

async function connected(server: Pick<PostgresServer, 'url' | 'stop'>) {
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  await admin.query('set client_min_messages = warning');
  return { server, admin };
}

/** The store under the contract tests, with one shard like the others unless told otherwise. */
export function openPostgresOn(server: TestServer): OpenStore {
  return async (options = {}): Promise<StoreUnderTest> => {
    const url = await server.schema();
    let offsetMs = 0;
    const clockOffsetMs = () => offsetMs;
    const settings: PostgresOptions = { url, log: QUIET_LOG, shards: 1, clockOffsetMs, times: PATIENT, ...options };
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

/** Several processes on one schema; engine time moves for all of them. */
export function openPostgresProcesses(server: TestServer): OpenProcesses {
  return async (options = {}) => {
    const url = await server.schema();
    let offsetMs = 0;
    const opened: PostgresOpened[] = [];
    return {
      start: async () => {
        const process = await openPostgresStore({
          url,
          log: QUIET_LOG,
          shards: 4,
          clockOffsetMs: () => offsetMs,
          times: PATIENT,
          ...options,
        });
        opened.push(process);
        const { store, faults } = process;
        return { store, neighbours: neighboursOf(store), crash: faults.crash, cut: faults.cutLine };
      },
      advance: async (ms) => {
        offsetMs += ms;
      },
      close: async () => {
        await Promise.all(opened.map(({ store }) => store.close()));
        await server.drop(url);
      },
    };
  };
}
