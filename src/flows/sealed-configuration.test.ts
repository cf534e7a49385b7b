import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePorts } from '../../test/support/ports.ts';
import { idAt } from '../core/ids.ts';
import { problem } from '../core/problem.ts';
import { unlessOvertaken } from './sealed-configuration.ts';

test('what waits to change an object here keeps nobody waiting who runs in the same program', async () => {
  const request = { id: idAt(1, new Uint8Array(16)), ifVersion: null };
  const here = fakePorts();
  const there = fakePorts({ store: here.store });
  const held = Promise.withResolvers<{ kind: 'made' }>();
  const overtakenOnce = (again: () => Promise<{ kind: 'made' }>) => {
    let decisions = 0;
    return async () => (decisions++ === 0 ? problem('precondition_failed') : again());
  };
  const waiting = unlessOvertaken(
    here,
    request,
    overtakenOnce(() => held.promise),
  );
  const made = { kind: 'made' } as const;
  assert.deepEqual(
    await unlessOvertaken(
      there,
      request,
      overtakenOnce(async () => made),
    ),
    made,
  );
  held.resolve(made);
  assert.deepEqual(await waiting, made);
});
