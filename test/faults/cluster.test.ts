import assert from 'node:assert/strict';
import { test } from 'node:test';
import { injectCluster } from './cluster.ts';
import { SHORT } from './cluster-plan.ts';
import { describe, isSound } from './verdict.ts';

test('whatever happens to nodes and to their database, nothing acknowledged is lost', async (t) => {
  const verdict = await injectCluster({ ...SHORT, say: (line) => t.diagnostic(line) });
  for (const line of describe(verdict)) t.diagnostic(line);
  assert.ok(isSound(verdict), describe(verdict).join('\n'));
});
