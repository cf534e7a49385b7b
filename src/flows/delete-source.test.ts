import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { door, receive, SOURCE_SECRET, stored, typed } from '../../test/support/inbound.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { deleteSource } from './delete-source.ts';
import { pauseSource } from './pause-source.ts';
import { reprocessReceipt } from './reprocess-receipt.ts';

const tenant = DEFAULT_TENANT;

async function holding() {
  const ports = fakePorts();
  const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
  await pauseSource(ports, { tenant, id: source.id, paused: true });
  const { receiptId } = stored(await receive(ports, typed(source)));
  return { ports, id: source.id, receiptId };
}

describe('a source that holds receipts', () => {
  test('is not deleted, and says how many: nothing could be made of them any more', async () => {
    const { ports, id } = await holding();
    const refused = problemOf(await deleteSource(ports, { tenant, id }), 'source_holding');
    assert.equal(refused.detail, 'It holds 1 receipt.');
    assert.ok((await ports.configuration.current(tenant)).sources.has(id));
  });

  test('is deleted once they are worked through', async () => {
    const { ports, id, receiptId } = await holding();
    await reprocessReceipt(ports, { tenant, id: receiptId, dryRun: false });
    assert.equal((await deleteSource(ports, { tenant, id })).kind, 'deleted');
  });

  test('is deleted at once for who gives them up; they stay to be seen', async () => {
    const { ports, id, receiptId } = await holding();
    assert.equal((await deleteSource(ports, { tenant, id, discardHeld: true })).kind, 'deleted');
    assert.equal((await ports.store.receipt(tenant, receiptId))?.receipt.outcome, 'held');
  });
});
