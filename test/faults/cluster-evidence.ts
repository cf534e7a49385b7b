/** What a run leaves behind when a promise was broken, so that it can be looked into. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDirectory } from '../support/hookyard.ts';
import type { ClusterSeen } from './cluster-seen.ts';

/** Writes the log of each life, every request and every fault; the directory. */
export function keepEvidence(logs: ReadonlyMap<string, string>, { requests, injected }: ClusterSeen): string {
  const directory = freshDirectory();
  for (const [life, log] of logs) writeFileSync(join(directory, `${life}.log`), log);
  writeFileSync(join(directory, 'requests.jsonl'), requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  writeFileSync(join(directory, 'faults.jsonl'), injected.map((fault) => `${JSON.stringify(fault)}\n`).join(''));
  return directory;
}
