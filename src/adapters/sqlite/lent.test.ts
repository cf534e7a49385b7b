import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aReceipt, newId, recording } from '../../../test/store-contract/samples.ts';
import { lent } from './lent.ts';
import type { Call } from './operations.ts';
import { packReceipt } from './receipts.ts';

const LARGE = 64 * 1024 + 1;

function recordingOf(bytes: number): Call {
  return ['recordReceipt', packReceipt(recording(aReceipt(newId(), { body: new Uint8Array(bytes).fill(7) }))), false];
}

test('a batch without large bodies is sent as it is', () => {
  const calls: readonly Call[] = [recordingOf(LARGE - 1), ['copyLog', undefined, false]];
  const sent = lent(calls);
  assert.equal(sent.calls, calls);
  assert.deepEqual(sent.transfer, []);
});

test('large bodies are handed over as copies, the rest of their batch as it is', () => {
  const calls: readonly Call[] = [recordingOf(LARGE), recordingOf(3)];
  const before = structuredClone(calls);
  const { calls: sent, transfer } = lent(calls);
  assert.deepEqual([sent, transfer.length], [calls, 1]);
  const arrived = structuredClone(sent, { transfer: [...transfer] });
  assert.deepEqual(arrived, before);
  assert.deepEqual(calls, before);
  assert.notDeepEqual(sent, before);
});
