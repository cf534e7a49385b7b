import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTCOMES } from '../../src/core/receipt.ts';
import { readPage, sectionOf, tableRows } from './page.ts';
import { openPlaces, walk } from './walk.ts';

const PAGE = readPage('docs/receipts.md');

test('every command of the guide to receipts works and answers what is shown', async (context) => {
  const { terminal, here } = await openPlaces(context);
  assert.equal(await walk(PAGE, terminal, here), 8);
});

test('the table of outcomes has them all', () => {
  const shown = tableRows(sectionOf(PAGE, 'Look')).map(([outcome = '']) => outcome);
  assert.deepEqual(shown.sort(), [...OUTCOMES].sort());
});
