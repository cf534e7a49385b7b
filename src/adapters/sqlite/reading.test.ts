import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEvent, bytes } from '../../../test/store-contract/samples.ts';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import { blob } from '../sql/id-bytes.ts';
import { openDatabase } from './database.ts';

test('the body of an event that does not fit is not read', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    const event = anEvent({ data: bytes('12345') });
    await store.append({ event, deliveries: [], configVersion: 0, claims: [] });
    await store.close();
    const db = openDatabase(`${directory}/hookyard.db`, 'reading');
    const within = (allowed: number) => {
      const row = db.get<{ bytes: number; body: Uint8Array | null }>('event_within', allowed, blob(event.id));
      return { bytes: row?.bytes, body: row?.body };
    };
    assert.deepEqual(within(4), { bytes: 5, body: null });
    assert.deepEqual(within(5), { bytes: 5, body: bytes('12345') });
    db.close();
  }));
