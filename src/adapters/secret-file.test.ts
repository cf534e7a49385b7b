import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSecretFile, secretFileAt } from './secret-file.ts';

function fileIn(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-secret-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'secret');
}

test('a secret is made once, for its owner alone, and found again', (context) => {
  const path = fileIn(context);
  assert.deepEqual(
    openSecretFile(path, () => 'one'),
    { secret: 'one', fresh: true },
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    openSecretFile(path, () => 'two'),
    { secret: 'one', fresh: false },
  );
});

test('the empty file of a start that was cut off gets a secret', (context) => {
  const path = fileIn(context);
  writeFileSync(path, '', { mode: 0o600 });
  assert.deepEqual(
    openSecretFile(path, () => 'one'),
    { secret: 'one', fresh: true },
  );
  assert.equal(readFileSync(path, 'utf8'), 'one\n');
});

test('what stands in it can be replaced, still for its owner alone', (context) => {
  const path = fileIn(context);
  const file = secretFileAt(path);
  file.open(() => 'one');
  file.replace('two');
  assert.deepEqual([file.kept(), statSync(path).mode & 0o777], ['two', 0o600]);
  assert.deepEqual(readdirSync(join(path, '..')), ['secret']);
});
