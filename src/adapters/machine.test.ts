import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryBytes, openFiles } from './machine.ts';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    unlimited            bytes
Max open files            4096                 524288               files
`;

test('open files are the soft limit, which is the one that is enforced', () => {
  assert.equal(
    openFiles(() => LIMITS),
    4096,
  );
});

test('where the system does not tell, nothing is made up', () => {
  assert.equal(
    openFiles(() => LIMITS.replace('4096     ', 'unlimited')),
    null,
  );
  const absent = () => {
    throw new Error('ENOENT');
  };
  assert.equal(openFiles(absent), null);
});

test('the memory of this very process is a real number of bytes', () => {
  assert.ok(memoryBytes() > 64 * 1024 * 1024 && Number.isSafeInteger(memoryBytes()));
});
