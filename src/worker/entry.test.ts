import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import type { Place } from '../ports.ts';
import { decideEntry, holdOn } from './entry.ts';
import type { Item } from './item.ts';

const due: Place = { kind: 'due', shard: 0, dueMs: 1 };
const inLane: Place = { kind: 'lane', shard: 0, key: '', pos: 1, notBeforeMs: 0 };
const item = (place: Place, probe = false) => ({ ticket: { place }, probe }) as Item;
const closed = { open: false, admit: () => assert.fail('a closed circuit was asked') };
const open = (admit: ReturnType<Parameters<typeof decideEntry>[2]['admit']>) => ({ open: true, admit: () => admit });

test('what is held goes into its lane, and what stands there stays', () => {
  const hold = { reason: 'paused', key: 'k' } as const;
  assert.deepEqual(decideEntry(item(due), hold, closed), { kind: 'park', hold: { reason: 'paused', key: '' } });
  assert.deepEqual(decideEntry(item(inLane), hold, closed), { kind: 'leave' });
});

test('a probe is stopped by a hold but not by an open circuit', () => {
  const hold = { reason: 'paused', key: '' } as const;
  assert.deepEqual(decideEntry(item(inLane, true), hold, closed), { kind: 'leave' });
  assert.deepEqual(decideEntry(item(inLane, true), null, open({ kind: 'park' })), { kind: 'in', probe: true });
});

test('an open circuit says what becomes of what is due; lanes wait', () => {
  assert.deepEqual(decideEntry(item(due), null, closed), { kind: 'in', probe: false });
  assert.deepEqual(decideEntry(item(due), null, open({ kind: 'send' })), { kind: 'in', probe: false });
  assert.deepEqual(decideEntry(item(due), null, open({ kind: 'probe' })), { kind: 'in', probe: true });
  const postpone = { kind: 'postpone', delayMs: 7 } as const;
  assert.deepEqual(decideEntry(item(due), null, open(postpone)), postpone);
  assert.deepEqual(decideEntry(item(due), null, open({ kind: 'park' })), {
    kind: 'park',
    hold: { reason: 'circuit', key: '' },
  });
  assert.deepEqual(decideEntry(item(inLane), null, { open: true, admit: closed.admit }), { kind: 'leave' });
});

test('only what its failures switched off is probed: a person who pauses or switches off stops probes too', async () => {
  const live = await subscribe(fakePorts());
  const since = { sinceMs: 1 };
  const probe = { probe: true };
  const failed = { ...live, state: { kind: 'disabled', reason: 'failures', ...since } } as const;
  assert.equal(holdOn(probe, failed), null);
  assert.equal(holdOn({ probe: false }, failed)?.reason, 'disabled');
  assert.equal(holdOn(probe, { ...failed, state: { ...failed.state, reason: 'user' } })?.reason, 'disabled');
  assert.equal(holdOn(probe, { ...live, state: { kind: 'paused', ...since } })?.reason, 'paused');
  assert.equal(holdOn(probe, live), null);
});
