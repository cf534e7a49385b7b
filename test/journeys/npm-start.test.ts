import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADMIN_KEY, freshDirectory, startHookyard } from '../support/hookyard.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A server that outlived its npm is no use to anybody. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

for (const script of ['start', 'serve']) {
  // npm passes the signal to the shell that it started, and not every shell passes it on.
  test(`SIGTERM to \`npm run ${script}\` ends the server, and npm with 0`, async (t) => {
    const directory = freshDirectory();
    const args = ['run', '--silent', script, '--', '--port', '0', '--data', directory];
    const npm = spawn('npm', args, {
      cwd: ROOT,
      env: { ...process.env, HOOKYARD_API_KEY: ADMIN_KEY },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    t.after(() => {
      endGroup(npm.pid);
      return rm(directory, { recursive: true, force: true });
    });
    const ended = once(npm, 'exit');
    let printed = '';
    const listens = Promise.withResolvers<void>();
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (/listens on .*\n/.test(printed)) listens.resolve();
    });
    await Promise.race([listens.promise, ended]);
    npm.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], printed);
    // The directory is free at once.
    const next = await startHookyard({ dataDirectory: directory });
    assert.equal((await next.stop()).code, 0);
  });
}
