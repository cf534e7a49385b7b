/** Processes that share a PostgreSQL: how they start, what they refuse, and that together they are one Hookyard. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createHookyard } from '../../src/index.ts';
import { runCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import {
  type Api,
  apiOf,
  freshDirectory,
  type RunningHookyard,
  type StartOptions,
  spawnHookyard,
  startHookyard,
} from '../support/hookyard.ts';
import { testServers } from '../support/postgres.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { undoing } from '../support/undoing.ts';

const server = testServers().at(-1) ?? assert.fail();
const NO_KEY_GIVEN = { HOOKYARD_API_KEY: undefined };

/** An empty database of its own, and the address under which it is seen. */
async function database(t: TestContext): Promise<string> {
  const url = await server.schema();
  undoing(t, () => server.drop(url));
  return url;
}

function directory(t: TestContext): string {
  const path = freshDirectory();
  undoing(t, () => rm(path, { recursive: true, force: true }));
  return path;
}

/** A node with a data directory of its own, and a copy of the keyring of `beside` in it. */
async function node(t: TestContext, url: string, beside: RunningHookyard | null, options: StartOptions = {}) {
  const dataDirectory = directory(t);
  if (beside !== null) copyFileSync(join(beside.dataDirectory, 'keyring.json'), join(dataDirectory, 'keyring.json'));
  const env = { HOOKYARD_DATABASE_URL: url, ...options.env };
  const started = await startHookyard({ ...options, dataDirectory, env });
  undoing(t, () => started.kill('SIGKILL'));
  return started;
}

async function receiver(t: TestContext): Promise<Receiver> {
  const started = await startReceiver();
  undoing(t, () => started.close());
  return started;
}

async function subscribe(api: Api, { port }: Receiver): Promise<string> {
  const fields = { name: 'a', url: `http://localhost:${port}/hooks`, authType: 'none', events: ['*'] };
  const created = await api<{ id: string }>('POST', '/api/v1/webhook-subscriptions', fields);
  assert.equal(created.status, 201, created.text);
  return created.data.id;
}

async function publish(api: Api, n = 0): Promise<void> {
  const accepted = await api('POST', '/api/v1/events', { type: 'deployment.completed', data: { n } });
  assert.equal(accepted.status, 202, accepted.text);
}

test('nodes with one database and one keyring are one Hookyard', async (t) => {
  const url = await database(t);
  const target = await receiver(t);
  const allowed = { flags: ['--allow-hosts', `localhost:${target.port}`] };
  const first = await node(t, url, null, { ...allowed, env: NO_KEY_GIVEN });
  const key = readFileSync(join(first.dataDirectory, 'admin-api-key'), 'utf8').trim();
  const second = await node(t, url, first, { ...allowed, env: NO_KEY_GIVEN });
  // The key of the first is the one of all.
  assert.equal(existsSync(join(second.dataDirectory, 'admin-api-key')), false);
  await eventually('the way to get in', () => /HOOKYARD_API_KEY/.test(second.stdout()) || null);
  const [one, two] = [apiOf(first.url, key), apiOf(second.url, key)];
  await subscribe(one, target);
  for (const [n, api] of [two, one, two, one].entries()) await publish(api, n);
  await target.waitFor((requests) => requests.length >= 4);
  assert.deepEqual(target.requests.map(({ rawBody }) => JSON.parse(`${rawBody}`).data.n).sort(), [0, 1, 2, 3]);
  for (const { url: at } of [first, second]) {
    const ready = await eventually('readiness', async () => {
      const asked = await apiOf(at, null)('GET', '/readyz');
      return asked.status === 200 ? asked.flat : null;
    });
    const { oldestDueMs: _oldest, ...checks } = ready.checks as Record<string, string>;
    assert.deepEqual(checks, { store: 'ok', dispatcher: 'ok', leases: 'ok' });
  }
  assert.deepEqual([(await second.stop()).code, (await first.stop()).code], [0, 0]);
});

test('a node without the keyring of the others is refused, and makes none', async (t) => {
  const url = await database(t);
  const first = await node(t, url, null);
  for (const flags of [[], ['--keyring', join(directory(t), 'ring.json')]]) {
    const dataDirectory = directory(t);
    const second = spawnHookyard({ dataDirectory, flags, env: { HOOKYARD_DATABASE_URL: url } });
    const { code, stderr } = await second.exited;
    assert.equal(code, 2);
    assert.match(stderr, /There is no keyring at .*\n.*Copy keyring\.json of another node/);
    assert.equal(existsSync(flags[1] ?? join(dataDirectory, 'keyring.json')), false);
  }
  assert.equal((await first.api('GET', '/api/v1/keys')).status, 200);
});

test('of nodes that begin on an empty database at once, one makes the keyring and the others are refused', async (t) => {
  const url = await database(t);
  const begun = await Promise.all(
    [1, 2, 3].map(async () => {
      const dataDirectory = directory(t);
      const outcome = await createHookyard({ dataDirectory, databaseUrl: url, logLevel: 'silent' });
      return { dataDirectory, outcome };
    }),
  );
  for (const { outcome } of begun) if (outcome.kind === 'started') await outcome.hookyard.close();
  const made = begun.filter(({ outcome }) => outcome.kind === 'started');
  assert.equal(made.length, 1, JSON.stringify(begun.map(({ outcome }) => outcome.kind)));
  const files = begun.filter(({ dataDirectory }) => existsSync(join(dataDirectory, 'keyring.json')));
  assert.deepEqual(files, made);
});

test('nodes with fewer roles answer for what they have and send others elsewhere', async (t) => {
  const url = await database(t);
  const target = await receiver(t);
  const allowed = ['--allow-hosts', `localhost:${target.port}`];
  const rest = await node(t, url, null, { flags: ['--roles', 'query,maintain', ...allowed] });
  const ingest = await node(t, url, rest, { flags: ['--roles', 'ingest'] });
  await subscribe(rest.api, target);
  for (const [api, path] of [
    [ingest.api, '/api/v1/deliveries'],
    [rest.api, '/api/v1/events'],
  ] as const) {
    const body = path.endsWith('events') ? { type: 'a.b', data: {} } : undefined;
    const turned = await api(body === undefined ? 'GET' : 'POST', path, body);
    assert.deepEqual([turned.status, turned.problem.code], [421, 'not_served_here'], turned.text);
  }
  const checks = async ({ api }: RunningHookyard) => {
    const { status, flat } = await api('GET', '/readyz');
    return [status, ...Object.keys(flat.checks as object)];
  };
  assert.deepEqual(await checks(ingest), [200, 'store', 'oldestDueMs']);
  await publish(ingest.api);
  // Nobody sends until one with that role is there.
  const dispatch = await node(t, url, rest, { flags: ['--roles', 'dispatch', ...allowed] });
  await target.waitFor((requests) => requests.length === 1);
  await publish(ingest.api);
  await target.waitFor((requests) => requests.length === 2);
  assert.deepEqual((await checks(dispatch)).slice(1), ['store', 'dispatcher', 'leases', 'oldestDueMs']);
});

test('SQLite with fewer roles is refused', async (t) => {
  const { code, stderr } = await spawnHookyard({ dataDirectory: directory(t), flags: ['--roles', 'ingest'] }).exited;
  assert.equal(code, 2);
  assert.match(stderr, /SQLite serves one process.*\n.*HOOKYARD_DATABASE_URL/);
});

test('with --migrate 0 a start waits for the command to have run, on PostgreSQL and on SQLite', async (t) => {
  const url = await database(t);
  for (const env of [{ HOOKYARD_DATABASE_URL: url }, { HOOKYARD_DATABASE_URL: undefined }]) {
    const dataDirectory = directory(t);
    const start = { dataDirectory, flags: ['--migrate', '0'], env };
    const migrations = (what: string) => runCommand(['migrations', what, '--data', dataDirectory], env);
    const before = await migrations('status');
    assert.equal(before.code, 1, before.stderr);
    assert.match(before.stdout, /^0001 {2}pending {2}store$/m);
    const refused = await spawnHookyard(start).exited;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /migrations.*\n.*hookyard migrations run/);
    const ran = await migrations('run');
    assert.equal(ran.code, 0, ran.stderr);
    const after = await migrations('status');
    assert.equal(after.code, 0, after.stderr);
    assert.match(after.stdout, /^0001 {2}applied {2}store$/m);
    assert.doesNotMatch(after.stdout, /pending/);
    const started = await startHookyard(start);
    assert.equal((await started.stop()).code, 0);
  }
});

test('of a database that cannot be asked the status is not told', async (t) => {
  const nowhere = 'postgres://me:my-secret@127.0.0.1:1/hooks';
  const { code, stdout, stderr } = await runCommand(['migrations', 'status'], { HOOKYARD_DATABASE_URL: nowhere });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /127\.0\.0\.1\/hooks cannot be reached/);
  assert.doesNotMatch(stderr, /my-secret/);
  const broken = directory(t);
  const file = await runCommand(['migrations', 'status', '--data', join(broken, 'none')], {});
  assert.equal(file.code, 1, file.stderr);
  assert.equal(existsSync(join(broken, 'none')), false);
});

test('what nobody caught ends the process with 1 and stands in the log', async (t) => {
  const dataDirectory = directory(t);
  for (const fault of ["Promise.reject(new Error('a bug'))", "setTimeout(() => { throw new Error('a bug'); })"]) {
    const preload = `data:text/javascript,process.on('SIGUSR2', () => ${fault})`;
    const started = await startHookyard({ dataDirectory, env: { NODE_OPTIONS: `--import="${preload}"` } });
    const { code, stderr } = await started.kill('SIGUSR2');
    assert.equal(code, 1);
    const line = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
    assert.deepEqual([line.event, line.error.message], ['process.unhandled', 'a bug']);
  }
});
