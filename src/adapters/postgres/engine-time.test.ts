import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineMs, timeOf } from './engine-time.ts';

test('the time of the engine is what it answers, and never 1970 for want of an answer', async () => {
  const asked: string[] = [];
  const answering = (answer: unknown) => ({
    row: async <Row>(name: string | readonly string[]) => {
      asked.push(String(name));
      return answer as Row | undefined;
    },
  });
  assert.equal(await engineMs(answering({ now_ms: 7 })), 7);
  await assert.rejects(engineMs(answering(undefined)), /without its time/);
  assert.deepEqual(asked, ['engine_ms', 'engine_ms']);
  assert.throws(() => timeOf(undefined), /without its time/);
});
