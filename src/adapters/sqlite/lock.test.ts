import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { TENANT } from '../../../test/store-contract/samples.ts';
import { QUIET_LOG, temporaryStore } from '../../../test/support/sqlite.ts';
import { openSqliteStore } from './store.ts';

test('a directory that is open is locked for a second store of the same process', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    const second = await openSqliteStore({ directory, log: QUIET_LOG });
    assert.deepEqual(second, { kind: 'locked', path: `${directory}/hookyard.lock` });
    await store.close();
    const third = await open();
    await third.store.close();
  }));

test('a failed opening does not drop the lock that its own process holds', () =>
  temporaryStore(async ({ directory, open }) => {
    await open();
    assert.equal((await openSqliteStore({ directory, log: QUIET_LOG })).kind, 'locked');
    const child = spawn(process.execPath, ['test/support/sqlite-holder.ts', directory], { stdio: 'ignore' });
    // Whether it got the lock or not, it ends: locked out by its error, else by the signal.
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    const [code] = await once(child, 'exit');
    clearTimeout(timer);
    assert.equal(code, 1);
  }));

test('another process is locked out, and its kill frees the lock at once and loses nothing acknowledged', () =>
  temporaryStore(async ({ directory, open }) => {
    const child = spawn(process.execPath, ['test/support/sqlite-holder.ts', directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = await once(child.stdout, 'data');
    const eventId = String(line).trim();
    const locked = await openSqliteStore({ directory, log: QUIET_LOG });
    assert.equal(locked.kind, 'locked');
    child.kill('SIGKILL');
    await exited;
    const { store, unclean } = await open();
    assert.equal(unclean, true);
    assert.equal((await store.event(TENANT, eventId))?.event.id, eventId);
    await store.close();
  }));
