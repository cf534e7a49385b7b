import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gateWarnings, passwordWarning, refuse, startHookyard, type Terminal } from './start.ts';

/** A terminal that remembers, in a directory of its own. */
function stage(context: TestContext, interactive: boolean) {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-cli-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const said: string[] = [];
  const warned: string[] = [];
  const signals: (() => void)[] = [];
  let exited: (code: number) => void = () => {};
  const exit = new Promise<number>((resolve) => {
    exited = resolve;
  });
  const terminal: Terminal = {
    interactive,
    say: (line) => void said.push(line),
    warn: (line) => void warned.push(line),
    exit: (code) => exited(code),
    onSignal: (stop) => void signals.push(stop),
    onFault: () => {},
  };
  const flags = { data: join(directory, 'data'), port: '0', logLevel: 'silent' };
  return { directory, said, warned, terminal, exit, flags, signal: () => signals.forEach((stop) => void stop()) };
}

test('an instance says where it listens, answers, and exits 0 after a signal', async (context) => {
  const { said, warned, terminal, exit, flags, signal } = stage(context, false);
  await startHookyard({ flags, environment: {} }, terminal);
  const url = /^Hookyard listens on (http:\/\/127\.0\.0\.1:\d+)$/.exec(said[0] ?? '')?.[1] ?? assert.fail(said[0]);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  signal();
  assert.equal(await exit, 0);
  assert.deepEqual(warned, []);
});

test('a fresh admin key is printed to a terminal only; elsewhere the path of its file', async (context) => {
  for (const interactive of [true, false]) {
    const { said, terminal, exit, flags, signal } = stage(context, interactive);
    await startHookyard({ flags, environment: {} }, terminal);
    const key = readFileSync(join(flags.data, 'admin-api-key'), 'utf8').trim();
    const url = said[0]?.replace('Hookyard listens on ', '') ?? '';
    const got = await fetch(`${url}/api/v1/keys`, { headers: { Authorization: `Bearer ${key}` } });
    assert.equal(got.status, 200);
    assert.equal(said.join('\n').includes(key), interactive);
    if (!interactive) assert.match(said[1] ?? '', /admin-api-key$/);
    signal();
    await exit;
  }
});

test('the URL of the first source is printed to a terminal only; elsewhere the path of its file, and once', async (context) => {
  for (const interactive of [true, false]) {
    const { said, terminal, exit, flags, signal } = stage(context, interactive);
    await startHookyard({ flags, environment: {} }, terminal);
    const file = join(flags.data, 'secret-url');
    const path = readFileSync(file, 'utf8').trim();
    const url = `${said[0]?.replace('Hookyard listens on ', '')}${path}`;
    const got = await fetch(url, { method: 'POST', body: '{"image": "registry.example.com/shop/checkout:2.4.0"}' });
    signal();
    await exit;
    const again = stage(context, interactive);
    await startHookyard({ flags, environment: {} }, again.terminal);
    again.signal();
    await again.exit;
    assert.equal(got.status, 200);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const line = said[2] ?? '';
    assert.ok(line.endsWith(interactive ? `: ${url}` : `: in ${file}`), line);
    assert.equal(said.join(' ').includes(path), interactive);
    assert.doesNotMatch(again.said.join(' '), /secret-url|api\/webhook/);
  }
});

test('bad configuration exits 2 with a reason and a remedy, before anything is made', async (context) => {
  const { said, warned, terminal, exit, flags } = stage(context, false);
  await startHookyard({ flags: { ...flags, port: 'x' }, environment: {} }, terminal);
  assert.equal(await exit, 2);
  assert.deepEqual(said, []);
  assert.equal(warned.length, 2);
});

test('a data directory or keyring that cannot be made exits 2', async (context) => {
  const { directory } = stage(context, false);
  writeFileSync(join(directory, 'file'), '');
  for (const unusable of [{ data: join(directory, 'file') }, { keyring: join(directory, 'missing', 'keyring.json') }]) {
    const { said, warned, terminal, exit, flags } = stage(context, false);
    await startHookyard({ flags: { ...flags, ...unusable }, environment: {} }, terminal);
    assert.equal(await exit, 2);
    assert.deepEqual(said, []);
    assert.match(warned.join(' '), /--data and --keyring/);
  }
});

test('a port that is taken exits 2', async (context) => {
  const first = stage(context, false);
  await startHookyard({ flags: first.flags, environment: {} }, first.terminal);
  const port = /\d+$/.exec(first.said[0] ?? '')?.[0] ?? assert.fail();
  const second = stage(context, false);
  await startHookyard({ flags: { ...second.flags, port }, environment: {} }, second.terminal);
  assert.equal(await second.exit, 2);
  assert.match(second.warned[0] ?? '', /EADDRINUSE/);
  first.signal();
  assert.equal(await first.exit, 0);
});

test('a supervisor is told by the exit code whether the same may work later', () => {
  for (const [kind, code] of [
    ['refused', 2],
    ['away', 1],
  ] as const) {
    const told: (string | number)[] = [];
    const terminal = { warn: (line: string) => void told.push(line), exit: (exit: number) => void told.push(exit) };
    refuse({ kind, reason: 'Because.', remedy: 'Do this.' }, terminal);
    assert.deepEqual(told, ['hookyard: Because.', '  Do this.', code]);
  }
});

test('every open gate is warned about', () => {
  const closed = { host: '', port: 0, dataDirectory: '', allowHttp: false, allowHosts: [], allowCidrs: [] };
  assert.deepEqual(gateWarnings(closed), []);
  const open = gateWarnings({ ...closed, allowHttp: true, allowHosts: ['a.internal'], allowCidrs: ['10.0.0.0/8'] });
  assert.equal(open.length, 3);
  assert.ok(open.every((line) => line.startsWith('WARNING: --allow-')));
});

test('a password in the flag of the database is warned of and not repeated', () => {
  const [line, ...more] = passwordWarning({ flags: { databaseUrl: 'postgres://me:my-secret@db.internal/hookyard' } });
  assert.match(line ?? '', /HOOKYARD_DATABASE_URL/);
  assert.doesNotMatch(line ?? '', /my-secret/);
  assert.deepEqual(more, []);
  assert.deepEqual(passwordWarning({ flags: { databaseUrl: 'postgres://db.internal:5432/hookyard' } }), []);
  assert.deepEqual(passwordWarning({ flags: {} }), []);
});
