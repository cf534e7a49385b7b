import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { spawnHookyard } from '../support/hookyard.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { undoing } from '../support/undoing.ts';

test('a node that is started while PostgreSQL is away waits for it', async (t) => {
  const postgres = await startPostgres('18', { tcp: true });
  undoing(t, () => postgres.stop());
  await postgres.kill();
  const node = spawnHookyard({ env: { HOOKYARD_DATABASE_URL: postgres.url } });
  undoing(t, () => rm(node.dataDirectory, { recursive: true, force: true }));
  undoing(t, () => node.kill('SIGKILL'));
  // Twice, so that one wait has come to its end.
  await eventually('waiting', () => node.stderr().split('store.waiting').length > 2 || null);
  await postgres.start();
  await node.listening;
});
