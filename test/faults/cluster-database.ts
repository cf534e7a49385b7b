/** What is done to PostgreSQL and looked up in it beside the nodes, each time on a connection of its own. */
import { Client } from 'pg';
import { DEFAULT_TENANT } from '../../src/core/ids.ts';

/** Runs `work` on a connection that is closed afterwards. */
async function asAdmin<T>(url: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url, application_name: 'faults' });
  // A server that is ended under it says so in an event; what is asked fails anyway.
  admin.on('error', () => {});
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end().catch(() => {});
  }
}

/** How many shards each owner of a lease that has not run out holds; most first. */
export function shardsHeld(url: string): Promise<readonly number[]> {
  return asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ held: string }>(
      'select count(*) as held from shard where owner is not null and lease_until_ms > engine_ms(0) group by owner order by 1 desc',
    );
    return rows.map(({ held }) => Number(held));
  });
}

/** From when on nothing can be written until it can be again. */
export function setReadOnly(url: string, isReadOnly: boolean): Promise<void> {
  return asAdmin(url, async (admin) => {
    await admin.query('set default_transaction_read_only = off');
    await admin.query(
      `alter system ${isReadOnly ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only'}`,
    );
    await admin.query('select pg_reload_conf()');
  });
}

/** Of src/adapters/postgres/locks.ts: the lock of a tenant's configuration. */
const TENANT_SPACE = 0x686b_0002;
const MANY_ROWS = 200;

/**
 * A session that locks the tenant and what is due in a transaction, and stays idle in it for as long as `until` takes.
 * @returns how many rows of `due` it held
 */
export function holdLocks(url: string, until: () => Promise<void>): Promise<number> {
  return asAdmin(url, async (admin) => {
    await admin.query('begin');
    await admin.query('select pg_advisory_xact_lock($1, hashtext($2))', [TENANT_SPACE, DEFAULT_TENANT]);
    const { rowCount } = await admin.query(`select 1 from due limit ${MANY_ROWS} for update skip locked`);
    await until();
    await admin.query('rollback');
    return rowCount ?? 0;
  });
}
