import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  admit,
  afterTry,
  type Circuit,
  createCircuit,
  isOpen,
  isTrouble,
  laneProbeAtMs,
  type Outcome,
  probeBegins,
  probeBeginsAgain,
  restoreOpen,
  takeLaneProbe,
} from './circuit.ts';
import { FAILURE_CODES, type FailureCode } from './failure.ts';

const T0 = 1_700_000_000_000;

function tried(circuit: Circuit, outcome: Outcome, id: string, { n = 1, atMs = T0 } = {}): 'opened' | 'closed' | null {
  return afterTry(circuit, { deliveryId: id, n, outcome }, atMs);
}

function openedAt(atMs: number): Circuit {
  const circuit = createCircuit();
  for (const id of ['a', 'b', 'c', 'd', 'e']) tried(circuit, 'trouble', id, { atMs });
  assert.ok(isOpen(circuit));
  return circuit;
}

test('trouble is what keeps the receiver from answering, or a 5xx, and never a fault of our own', () => {
  const troubles: FailureCode[] = [
    'connect_refused',
    'connect_unreachable',
    'connect_timeout',
    'tls_untrusted',
    'tls_expired',
    'tls_hostname',
    'tls_protocol',
    'request_timeout',
    'response_timeout',
    'http_5xx',
    'connection_reset',
  ];
  assert.deepEqual(
    FAILURE_CODES.filter((failure) => isTrouble({ delivered: false, failure })),
    troubles,
  );
  assert.equal(isTrouble({ delivered: true, failure: null }), false);
});

test('the fifth troubled delivery in a row opens it, once', () => {
  const circuit = createCircuit();
  const said = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => tried(circuit, 'trouble', id));
  assert.deepEqual(said, [null, null, null, null, 'opened', null]);
});

test('the retries of one delivery never open it', () => {
  const circuit = createCircuit();
  for (let n = 1; n <= 50; n++) assert.equal(tried(circuit, 'trouble', 'a', { n }), null);
  for (const id of ['b', 'c', 'd']) assert.equal(tried(circuit, 'trouble', id, { n: 3 }), null);
  assert.equal(tried(circuit, 'trouble', 'e', { n: 3 }), 'opened');
});

test('any answer ends the streak, and a fault of our own does not', () => {
  const circuit = createCircuit();
  for (const id of ['a', 'b', 'c', 'd']) tried(circuit, 'trouble', id);
  assert.equal(tried(circuit, 'answered', 'x'), null);
  for (const id of ['a', 'b', 'c', 'd']) assert.equal(tried(circuit, 'trouble', id), null);
  assert.equal(tried(circuit, 'neither', 'y'), null);
  assert.equal(tried(circuit, 'trouble', 'e'), 'opened');
});

/** `answered` answers, and after every fourth of them a trouble, up to `troubled`; then the rest in fours with answers. */
function mixed(circuit: Circuit, troubled: number, answered: number, { n = 1, atMs = T0 } = {}): (string | null)[] {
  const said: (string | null)[] = [];
  const answersAfter = Math.ceil(troubled / 4) - 1;
  for (let at = 0; at < answered - answersAfter; at++) said.push(tried(circuit, 'answered', `a${at}`, { atMs }));
  for (let at = 0; at < troubled; at++) {
    if (at > 0 && at % 4 === 0) said.push(tried(circuit, 'answered', `b${at}`, { atMs }));
    said.push(tried(circuit, 'trouble', `t${at}`, { n, atMs }));
  }
  return said.filter((word) => word !== null);
}

test('more than half of at least twenty outcomes opens it, though no five were in a row', () => {
  assert.deepEqual(mixed(createCircuit(), 11, 9), ['opened']);
  assert.deepEqual(mixed(createCircuit(), 10, 10), []);
  assert.deepEqual(mixed(createCircuit(), 11, 8), []);
});

test('troubled retries do not count among the outcomes', () => {
  assert.deepEqual(mixed(createCircuit(), 60, 20, { n: 2 }), []);
});

test('outcomes of more than a minute ago do not count', () => {
  const circuit = createCircuit();
  mixed(circuit, 11, 8);
  assert.deepEqual(mixed(circuit, 2, 2, { atMs: T0 + 60_000 }), []);
  const quiet = createCircuit();
  mixed(quiet, 11, 8);
  tried(quiet, 'answered', 'y');
  assert.equal(tried(quiet, 'trouble', 'z', { n: 2, atMs: T0 + 60_000 }), null);
  assert.deepEqual(mixed(quiet, 2, 2, { atMs: T0 + 70_000 }), []);
  const prompt = createCircuit();
  mixed(prompt, 11, 8);
  assert.equal(tried(prompt, 'answered', 'y', { atMs: T0 + 40_000 }), null);
  assert.equal(tried(prompt, 'trouble', 'z', { atMs: T0 + 49_000 }), 'opened');
});

test('any answer closes it, and what opened it does not open it again', () => {
  const circuit = createCircuit();
  mixed(circuit, 11, 9);
  assert.equal(tried(circuit, 'trouble', 'p'), null);
  assert.equal(tried(circuit, 'neither', 'q'), null);
  assert.equal(tried(circuit, 'answered', 'r'), 'closed');
  assert.equal(tried(circuit, 'answered', 's'), null);
  for (const id of ['a', 'b', 'c', 'd']) assert.equal(tried(circuit, 'trouble', id), null);
  assert.equal(tried(circuit, 'trouble', 'e'), 'opened');
});

test('trouble while it is open changes nothing', () => {
  const circuit = openedAt(T0);
  admit(circuit, { n: 1 }, T0 + 1000);
  for (let at = 0; at < 40; at++) assert.equal(tried(circuit, 'trouble', `t${at}`, { atMs: T0 + 2000 }), null);
  assert.equal(laneProbeAtMs(circuit), T0 + 61_000);
  assert.equal(admit(circuit, { n: 1 }, T0 + 3000).kind, 'postpone');
});

test('while it is closed everything is sent', () => {
  const circuit = createCircuit();
  assert.deepEqual(admit(circuit, { n: 0 }, T0), { kind: 'send' });
  assert.deepEqual(admit(circuit, { n: 4 }, T0), { kind: 'send' });
  assert.equal(laneProbeAtMs(circuit), Infinity);
  assert.equal(takeLaneProbe(circuit, T0), false);
});

test('while it is open first tries are parked, and the first retry that falls due is the probe', () => {
  const circuit = openedAt(T0);
  assert.deepEqual(admit(circuit, { n: 0 }, T0), { kind: 'park' });
  assert.deepEqual(admit(circuit, { n: 1 }, T0), { kind: 'probe' });
  assert.deepEqual(admit(circuit, { n: 0 }, T0 + 600_000), { kind: 'park' });
});

test('retries that fall due at once get the next two slots, and those behind them are parked', () => {
  const circuit = openedAt(T0);
  const said = Array.from({ length: 8 }, () => admit(circuit, { n: 1 }, T0 + 100));
  const slots = [1, 2].map((slot) => ({ kind: 'postpone', delayMs: slot * 31_000 }));
  assert.deepEqual(said, [{ kind: 'probe' }, ...slots, ...Array(5).fill({ kind: 'park' })]);
});

test('every postponed retry is the probe when its slot comes, although each comes a little late', () => {
  const circuit = openedAt(T0);
  const back = Array.from({ length: 6 }, () => admit(circuit, { n: 1 }, T0))
    .flatMap((said) => (said.kind === 'postpone' ? [T0 + said.delayMs] : []))
    .map((slotMs, at) => slotMs + ([900, 0][at] ?? 0));
  assert.equal(back.length, 2);
  for (const atMs of back) assert.deepEqual(admit(circuit, { n: 1 }, atMs), { kind: 'probe' });
});

test('a retry is postponed by whole milliseconds, and not to before its slot', () => {
  const circuit = openedAt(T0);
  admit(circuit, { n: 1 }, T0 + 0.25);
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 0.5), { kind: 'postpone', delayMs: 31_000 });
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 31_000.5), { kind: 'probe' });
});

test('a retry that falls due shortly before the slot of another leaves it alone', () => {
  const circuit = openedAt(T0);
  admit(circuit, { n: 1 }, T0);
  admit(circuit, { n: 1 }, T0);
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 30_500), { kind: 'postpone', delayMs: 31_500 });
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 31_000), { kind: 'probe' });
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 62_000), { kind: 'probe' });
});

test('a slot moves when the probe before it was very late', () => {
  const circuit = openedAt(T0);
  for (let at = 0; at < 4; at++) admit(circuit, { n: 1 }, T0);
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 36_000), { kind: 'probe' });
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 62_000), { kind: 'postpone', delayMs: 4000 });
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 66_000), { kind: 'probe' });
});

test('a holder that never comes back leaves its slot to the next retry', () => {
  const circuit = openedAt(T0);
  for (let at = 0; at < 3; at++) admit(circuit, { n: 1 }, T0);
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 50_000), { kind: 'probe' });
});

test('without a retry the oldest parked delivery is the probe, a minute after the opening and each probe', () => {
  const circuit = openedAt(T0);
  assert.equal(laneProbeAtMs(circuit), T0 + 60_000);
  admit(circuit, { n: 1 }, T0 + 10_000);
  assert.equal(laneProbeAtMs(circuit), T0 + 70_000);
  assert.equal(takeLaneProbe(circuit, T0 + 69_999), false);
  assert.equal(takeLaneProbe(circuit, T0 + 70_000), true);
  assert.equal(takeLaneProbe(circuit, T0 + 70_000), false);
  assert.equal(laneProbeAtMs(circuit), T0 + 130_000);
  assert.equal(tried(circuit, 'answered', 'p', { atMs: T0 + 70_100 }), 'closed');
  assert.equal(laneProbeAtMs(circuit), Infinity);
});

test('a restored circuit is open and keeps to the times of its last owner', () => {
  const circuit = restoreOpen(T0 + 90_000);
  assert.ok(isOpen(circuit));
  assert.equal(laneProbeAtMs(circuit), T0 + 90_000);
  assert.deepEqual(admit(circuit, { n: 0 }, T0 + 59_000), { kind: 'park' });
  assert.equal(admit(circuit, { n: 1 }, T0 + 59_999).kind, 'postpone');
  assert.deepEqual(admit(restoreOpen(T0 + 90_000), { n: 1 }, T0 + 60_000), { kind: 'probe' });
});

/** Retries come, postponed ones come back late or never, and the oldest parked one is sent when it may be. */
const arrival = fc.record({
  gapMs: fc.oneof(fc.nat(3000), fc.nat(90_000)),
  latenessMs: fc.oneof(fc.constant(0), fc.nat(900), fc.nat(40_000)),
  comesBack: fc.boolean(),
});

test('however retries fall due, no two probes are within thirty seconds, and no minute of them is without one', () => {
  fc.assert(
    fc.property(fc.array(arrival, { minLength: 1, maxLength: 200 }), fc.boolean(), (arrivals, restored) => {
      const circuit = restored ? restoreOpen(T0 + 60_000) : openedAt(T0);
      const times: { atMs: number; next: (typeof arrivals)[number] }[] = [];
      let freshMs = T0;
      for (const next of arrivals) {
        freshMs += next.gapMs;
        times.push({ atMs: freshMs, next });
      }
      let probedAtMs = -Infinity;
      let steps = 0;
      const probe = (atMs: number) => {
        assert.ok(atMs - probedAtMs >= 30_000, `${atMs - probedAtMs} ms apart`);
        probedAtMs = atMs;
      };
      while (times.length > 0 && steps++ < 1000) {
        times.sort((a, b) => a.atMs - b.atMs);
        const { atMs, next } = times.shift() as (typeof times)[number];
        while (laneProbeAtMs(circuit) <= atMs) {
          const laneMs = laneProbeAtMs(circuit);
          assert.ok(takeLaneProbe(circuit, laneMs));
          probe(laneMs);
        }
        const said = admit(circuit, { n: 1 }, atMs);
        assert.notEqual(said.kind, 'send');
        if (said.kind === 'probe') probe(atMs);
        assert.ok(atMs - Math.max(probedAtMs, T0) < 60_000);
        if (said.kind !== 'postpone') continue;
        assert.ok(said.delayMs > 0 && said.delayMs <= 5 * 31_000);
        if (next.comesBack) times.push({ atMs: atMs + said.delayMs + next.latenessMs, next });
      }
    }),
    { numRuns: 200 },
  );
});

test('a probe that had to wait for its turn is counted from when it is sent', () => {
  const circuit = restoreOpen(T0);
  assert.equal(admit(circuit, { n: 1 }, T0).kind, 'probe');
  probeBegins(circuit, T0 + 20_000);
  assert.deepEqual(admit(circuit, { n: 1 }, T0 + 35_000), { kind: 'postpone', delayMs: 16_000 });
  assert.equal(takeLaneProbe(circuit, T0 + 79_999), false);
  assert.equal(takeLaneProbe(circuit, T0 + 80_000), true);
  probeBegins(createCircuit(), T0);
});

test('a probe that had to wait is sent later, unless the next one was sent meanwhile or nothing is to be probed', () => {
  const circuit = openedAt(T0);
  probeBegins(circuit, T0 + 60_000);
  assert.equal(probeBeginsAgain(circuit, T0 + 60_000, T0 + 70_000), true);
  assert.equal(laneProbeAtMs(circuit) > T0 + 70_000, true);
  probeBegins(circuit, T0 + 100_000);
  assert.equal(probeBeginsAgain(circuit, T0 + 70_000, T0 + 101_000), false);
  tried(circuit, 'answered', 'a', { atMs: T0 + 102_000 });
  assert.equal(probeBeginsAgain(circuit, T0 + 70_000, T0 + 103_000), true);
});
