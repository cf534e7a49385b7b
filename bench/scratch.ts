/** One directory for all that a run puts on disk. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server that is still ending may write while its files are removed. */
const RETRIES = { maxRetries: 20, retryDelay: 50 };
const INTERRUPTED = 130;

/** From now on temporary files of this process and of those it starts go with it, also when it is interrupted. */
export function sweepAtEnd(): void {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-bench-'));
  // PostgreSQL runs as another user where this one is root.
  chmodSync(directory, 0o755);
  process.env.TMPDIR = directory;
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, ...RETRIES }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(INTERRUPTED));
}
