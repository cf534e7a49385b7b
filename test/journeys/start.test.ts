import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { apiOf, freshDirectory, type RunningHookyard, spawnHookyard, startHookyard } from '../support/hookyard.ts';
import { undoing } from '../support/undoing.ts';

const NO_KEY_GIVEN = { HOOKYARD_API_KEY: undefined };

function directory(t: TestContext): string {
  const path = freshDirectory();
  undoing(t, () => rm(path, { recursive: true, force: true }));
  return path;
}

async function started(t: TestContext, ...given: Parameters<typeof startHookyard>): Promise<RunningHookyard> {
  const hookyard = await startHookyard(...given);
  undoing(t, () => hookyard.kill('SIGKILL'));
  return hookyard;
}

function ready({ url }: RunningHookyard): Promise<boolean> {
  const probe = apiOf(url, null);
  return eventually('readiness', async () => (await probe('GET', '/readyz')).status === 200 || null);
}

test('a start prints where it listens and makes a data directory that only its owner can read', async (t) => {
  const dataDirectory = join(directory(t), 'made', 'here');
  const hookyard = await started(t, { dataDirectory, env: NO_KEY_GIVEN });
  assert.match(hookyard.stdout(), /^Hookyard listens on http:\/\/127\.0\.0\.1:\d+$/m);
  const names = readdirSync(dataDirectory);
  for (const name of ['hookyard.db', 'hookyard.lock', 'keyring.json', 'admin-api-key']) {
    assert.ok(names.includes(name), `${name} in ${names.join(', ')}`);
  }
  assert.equal(statSync(dataDirectory).mode & 0o077, 0, 'the directory');
  for (const name of names) assert.equal(statSync(join(dataDirectory, name)).mode & 0o077, 0, name);
});

test('the admin key stands in its file and works, and is not printed into a pipe', async (t) => {
  const hookyard = await started(t, { dataDirectory: directory(t), env: NO_KEY_GIVEN });
  const path = join(hookyard.dataDirectory, 'admin-api-key');
  const key = readFileSync(path, 'utf8').trim();
  assert.ok(key.length >= 24, 'a long key');
  assert.ok(!(await hookyard.logged(path)).includes(key), 'the key in a pipe');
  assert.equal((await apiOf(hookyard.url, key)('GET', '/api/v1/keys')).status, 200);
  assert.equal((await apiOf(hookyard.url, null)('GET', '/api/v1/keys')).status, 401);
  assert.equal((await apiOf(hookyard.url, `${key}x`)('GET', '/api/v1/keys')).status, 401);
});

test('a second start after kill -9 succeeds at once, with the same key and what was there before', async (t) => {
  const dataDirectory = directory(t);
  const first = await started(t, { dataDirectory, env: NO_KEY_GIVEN });
  const key = readFileSync(join(dataDirectory, 'admin-api-key'), 'utf8').trim();
  const made = await apiOf(first.url, key)('POST', '/api/v1/keys', { name: 'reader', role: 'viewer' });
  assert.equal(made.status, 201, made.text);
  await first.kill('SIGKILL');
  const startedMs = performance.now();
  const second = await started(t, { dataDirectory, env: NO_KEY_GIVEN });
  await ready(second);
  t.diagnostic(`ready ${Math.round(performance.now() - startedMs)} ms after the start that followed kill -9`);
  const { data } = await apiOf(second.url, key)<{ name: string }[]>('GET', '/api/v1/keys');
  assert.ok(data.some(({ name }) => name === 'reader'));
});

test('a second process on the same directory is refused with a remedy, and the first goes on', async (t) => {
  const dataDirectory = directory(t);
  const first = await started(t, { dataDirectory });
  const second = spawnHookyard({ dataDirectory });
  const { code, stdout, stderr } = await second.exited;
  assert.equal(code, 2);
  assert.match(stdout + stderr, /Another process uses/);
  assert.match(stdout + stderr, /--data/);
  await ready(first);
});

const REFUSED_STARTS = [
  { name: 'an unknown flag', flags: ['--no-such-flag'], env: {}, says: /no-such-flag/ },
  { name: 'a port that is none', flags: ['--port', 'high'], env: {}, says: /port/i },
  { name: 'an unknown variable', flags: [], env: { HOOKYARD_PROT: '1' }, says: /HOOKYARD_PROT/ },
  { name: 'a short API key', flags: [], env: { HOOKYARD_API_KEY: 'short' }, says: /HOOKYARD_API_KEY/ },
  {
    name: 'an allow-list that is none',
    flags: ['--allow-cidrs', 'everything'],
    env: {},
    says: /allow-cidrs|everything/,
  },
];

for (const { name, flags, env, says } of REFUSED_STARTS) {
  test(`${name} is refused with exit code 2 and named`, async (t) => {
    const { code, stdout, stderr } = await spawnHookyard({ dataDirectory: directory(t), flags, env }).exited;
    assert.equal(code, 2, stdout + stderr);
    assert.match(stdout + stderr, says);
    assert.ok(!/\n\s+at .+:\d+:\d+/.test(stderr), 'no stack trace');
  });
}

test('SIGTERM ends an idle process with exit code 0, and SIGINT does too', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const hookyard = await started(t, { dataDirectory: directory(t) });
    const { code, signal: killedBy } = await hookyard.kill(signal);
    assert.deepEqual({ code, killedBy }, { code: 0, killedBy: null });
  }
});
