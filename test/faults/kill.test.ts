import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptShown, DeliveryShown } from '../support/journey.ts';
import { injectKills } from './kill.ts';
import { describe, isSound, judge, type Observed } from './verdict.ts';

test('kill -9 under load loses nothing that was accepted', async (t) => {
  const seed = Math.trunc(performance.timeOrigin) % 1_000_000;
  const verdict = await injectKills({ times: 5, seed, say: (line) => t.diagnostic(line) });
  for (const line of describe(verdict)) t.diagnostic(line);
  assert.ok(isSound(verdict), describe(verdict).join('\n'));
});

const DIGEST = 'same bytes';
const delivered = { number: 1, eventId: 'e1', tries: [{ attempt: 1, digest: DIGEST, answered: 200 }] };

function observed(more: Partial<Observed>): Observed {
  return {
    seed: 1,
    kills: 1,
    accepted: new Map([[1, 'e1']]),
    arrived: new Map([['d1', delivered]]),
    deliveries: [],
    attempts: new Map(),
    requestsCut: 0,
    readyMs: [3, 9, 4],
    ...more,
  };
}

test('the ledger of the kill fault is sound when everything came, also when it came twice', () => {
  const twice = { ...delivered, tries: [...delivered.tries, ...delivered.tries] };
  const verdict = judge(observed({ arrived: new Map([['d1', twice]]) }));
  assert.deepEqual(verdict.broken, []);
  assert.equal(verdict.figures['sent again after a kill (same id, same bytes)'], 1);
  assert.equal(verdict.figures['restart to ready'], 'median 4 ms, max 9 ms');
});

function delivery(fields: Partial<DeliveryShown>): DeliveryShown {
  return { id: 'd1', eventId: 'e1', attempts: 1, code: null, ...fields } as DeliveryShown;
}

function attempts(...numbers: number[]): Observed['attempts'] {
  return new Map([['d1', numbers.map((n) => ({ n, mayRepeat: false }) as AttemptShown)]]);
}

const BROKEN: readonly { name: string; seen: Partial<Observed>; says: RegExp }[] = [
  { name: 'a loss', seen: { arrived: new Map() }, says: /event 1 .* never arrived/ },
  {
    name: 'a second delivery of one event',
    seen: {
      arrived: new Map([
        ['d1', delivered],
        ['d2', { ...delivered, eventId: 'e2' }],
      ]),
    },
    says: /event 1 became 2 deliveries/,
  },
  {
    name: 'other bytes',
    seen: {
      arrived: new Map([
        ['d1', { ...delivered, tries: [...delivered.tries, { attempt: 1, digest: 'other', answered: 200 }] }],
      ]),
    },
    says: /different bytes/,
  },
  {
    name: 'a delivery that failed',
    seen: { deliveries: [delivery({ status: 'failed_permanent' })] },
    says: /d1 ended as failed/,
  },
  {
    name: 'a delivery that is still open',
    seen: { deliveries: [delivery({ status: 'pending' })] },
    says: /d1 ended as pending/,
  },
  { name: 'a gap in the attempts', seen: { attempts: attempts(1, 3) }, says: /d1 has the attempts 1, 3/ },
  { name: 'an attempt that is there twice', seen: { attempts: attempts(1, 1) }, says: /d1 has the attempts 1, 1/ },
];

for (const { name, seen, says } of BROKEN) {
  test(`the ledger of the kill fault sees ${name}`, () => {
    assert.match(judge(observed(seen)).broken.join('\n'), says);
  });
}
