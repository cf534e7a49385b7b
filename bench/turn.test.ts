import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { numberedType, takeTurn, turnPlace } from './turn.ts';

describe('a numbered type', () => {
  it('takes the next number in place', () => {
    const message = Buffer.from(`{"type":"${numberedType(3)}","data":{}}`);
    takeTurn(message, turnPlace(message) ?? 0, 41_999);
    assert.deepEqual(JSON.parse(message.toString()), { type: numberedType(41_999), data: {} });
  });

  it('is looked for where there is none', () => {
    assert.equal(turnPlace(Buffer.from('{"type":"bench.steady0"}')), null);
  });
});
