import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCollector } from './garbage.ts';

test('what nobody holds any more is let go at once', () => {
  const collect = createCollector();
  const seen = new WeakRef({});
  // Of one turn of the event loop a weak reference keeps its target.
  return new Promise<void>((resolve) =>
    setImmediate(() => {
      collect();
      assert.equal(seen.deref(), undefined);
      resolve();
    }),
  );
});
