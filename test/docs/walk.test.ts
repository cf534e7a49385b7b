import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshDirectory } from '../support/hookyard.ts';
import { openPlaces } from './walk.ts';

test('a program that does not start fails the test of its guide', async (context) => {
  const directory = freshDirectory();
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const main = join(directory, 'silent.mjs');
  writeFileSync(main, 'setInterval(() => {}, 1000);');
  // The process of this test ends only if the one it started has.
  await assert.rejects(() => openPlaces(context, { main, startTimeoutMs: 300 }), /did not listen within 300 ms/);
});
