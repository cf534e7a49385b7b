/** A process that opens a SQLite store, leases its shard, appends one event, says so and stays until it is killed. */
import { writeSync } from 'node:fs';
import { anEvent, newId, published } from '../store-contract/samples.ts';
import { openedStore } from './sqlite.ts';

const STDOUT = 1;
const { store } = await openedStore({ directory: process.argv[2] ?? '' });
await store.lease(newId(), [0], 3_600_000);
const event = anEvent();
await published(store, event, []);
writeSync(STDOUT, event.id);
