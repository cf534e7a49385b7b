import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { madeSource, standing } from '../../test/support/source-flows.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import type { ConfigChange } from '../ports.ts';
import { pauseSource } from './pause-source.ts';

/** Ports whose store remembers the tasks that changes asked for. */
function watched(): { ports: FakePorts; tasks: (Id | undefined)[] } {
  const store = createMemoryStore({ now: () => 0 });
  const tasks: (Id | undefined)[] = [];
  const note = (change: ConfigChange) => change.kind === 'put_source' && tasks.push(change.releaseTaskId);
  const configure: typeof store.configure = (request) => {
    note(request.change);
    return store.configure(request);
  };
  return { ports: fakePorts({ store: { ...store, configure } }), tasks };
}

const asked = (ports: FakePorts, id: Id, paused: boolean) => pauseSource(ports, { tenant: DEFAULT_TENANT, id, paused });

test('a source is paused once and resumed once, and the resumption alone makes a task for what was held', async () => {
  const { ports, tasks } = watched();
  const { id } = (await madeSource(ports, { type: 'native' })).source;
  const pausedAtMs = ports.clock.nowMs();
  await asked(ports, id, true);
  ports.clock.advance(1000);
  await asked(ports, id, true);
  const paused = await standing(ports, id);
  assert.deepEqual([paused.config?.pausedAtMs, paused.version], [pausedAtMs, 2]);
  await asked(ports, id, false);
  await asked(ports, id, false);
  const resumed = await standing(ports, id);
  assert.deepEqual([resumed.config?.pausedAtMs, resumed.version], [null, 3]);
  assert.deepEqual(
    tasks.map((task) => task !== undefined),
    [false, false, true],
  );
});

test('what is not there cannot be paused', async () => {
  const ports = fakePorts();
  problemOf(await asked(ports, DEFAULT_TENANT, true), 'not_found');
});
