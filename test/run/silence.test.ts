import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { whenSilent } from './silence.ts';

const AFTER_MS = 1000;

function listening(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const act = t.mock.fn();
  return { act, silence: whenSilent(AFTER_MS, act), pass: (ms: number) => t.mock.timers.tick(ms) };
}

test('what is heard of in time is left alone', (t) => {
  const { act, silence, pass } = listening(t);
  for (let at = 0; at < 5; at++) {
    pass(AFTER_MS - 1);
    silence.heard();
  }
  assert.equal(act.mock.callCount(), 0);
  pass(AFTER_MS);
  assert.equal(act.mock.callCount(), 1);
});

test('nothing is told once it is over', (t) => {
  const { act, silence, pass } = listening(t);
  silence.over();
  pass(AFTER_MS);
  assert.equal(act.mock.callCount(), 0);
});
