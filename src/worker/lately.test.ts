import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePorts } from '../../test/support/ports.ts';
import { createLately } from './lately.ts';

test('what was settled is remembered for longer than any append takes, and not for ever', () => {
  const { clock } = fakePorts();
  const lately = createLately({ clock });
  for (let at = 0; at < 10; at++) {
    lately.add(`${at}`);
    clock.advance(10_000);
    assert.deepEqual(
      [`${at}`, `${at - 1}`, `${at - 5}`].map((id) => lately.has(id)),
      [true, at > 0, false],
    );
  }
});
