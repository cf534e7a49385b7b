/** The floor's writer thread: one transaction, so one sync to disk, for each turn it is handed. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Turn } from './floor-store.ts';

/** Pages of log after which it is copied into the database. */
const CHECKPOINT_PAGES = 10_000;

const { path } = workerData as { path: string };
const db = new DatabaseSync(path);
db.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES};
  create table if not exists event (id integer primary key, body blob not null);
  create table if not exists outcome (event_id integer not null, status integer not null, at_ms integer not null)`);
const insertEvent = db.prepare('insert into event values (?, ?)');
const insertOutcome = db.prepare('insert into outcome values (?, ?, ?)');

function commit({ firstId, bodies, lengths, outcomes }: Turn): void {
  db.exec('begin');
  let at = 0;
  lengths.forEach((length, nth) => {
    insertEvent.run(firstId + nth, new Uint8Array(bodies, at, length));
    at += length;
  });
  const nowMs = Date.now();
  for (let nth = 0; nth < outcomes.length; nth += 2) {
    insertOutcome.run(outcomes[nth] ?? 0, outcomes[nth + 1] ?? 0, nowMs);
  }
  db.exec('commit');
}

const { largest } = db.prepare('select coalesce(max(id), 0) as largest from event').get() as { largest: number };
parentPort?.postMessage(largest);
parentPort?.on('message', (turn: Turn) => {
  commit(turn);
  parentPort?.postMessage(null);
});
