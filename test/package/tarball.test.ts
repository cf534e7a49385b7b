/** What a user installs: the packed files, and a first delivery with them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { type Installed, install } from '../support/installed.ts';
import { startReceiver } from '../support/receiver.ts';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PAPERS = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'];
const MAX_INSTALL_MS = 300_000;

function filesIn(directory: string): string[] {
  return globSync('**/*', { cwd: directory }).filter((path) => statSync(join(directory, path)).isFile());
}

describe('the package', () => {
  let installed: Installed;
  before(
    () => {
      installed = install();
    },
    { timeout: MAX_INSTALL_MS },
  );
  after(() => installed?.remove());

  test('holds the built program, its SQL and its papers, and nothing else', () => {
    const files = filesIn(installed.directory);
    const strays = files.filter((path) => !/^dist\/.*\.(?:js|d\.ts|sql)$/.test(path) && !PAPERS.includes(path));
    assert.deepEqual(strays, []);
    assert.deepEqual(
      files.filter((path) => /\.test\./.test(path)),
      [],
    );
    const sql = (paths: readonly string[]) => paths.filter((path) => path.endsWith('.sql')).sort();
    assert.deepEqual(sql(filesIn(join(installed.directory, 'dist'))), sql(filesIn(SOURCES)));
    const { exports } = JSON.parse(readFileSync(join(installed.directory, 'package.json'), 'utf8'));
    const targets = Object.values<Record<string, string>>(exports).flatMap((target) => Object.values(target));
    assert.ok(targets.length > 2);
    assert.deepEqual(
      targets.filter((target) => !files.includes(target.replace('./', ''))),
      [],
    );
    assert.ok(files.includes('LICENSE') && files.includes('package.json'), files.join('\n'));
  });

  test('is built with a command that anybody may run', () => {
    // The built file, not the installed one: npm makes that one executable by itself.
    assert.equal(statSync(COMMAND).mode & 0o111, 0o111);
  });

  test('accepts an event, delivers it signed, and ends with 0 when it is told to', async () => {
    const receiver = await startReceiver();
    const apiKey = `test_${randomBytes(24).toString('hex')}`;
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const allowed = `127.0.0.1:${receiver.port}`;
    const args = ['serve', '--port', '0', '--data', installed.folder('data'), '--allow-hosts', allowed];
    const hookyard = installed.start(args, { HOOKYARD_API_KEY: apiKey });
    let exitCode: number | null;
    try {
      const url = await hookyard.says('Hookyard listens on ');
      const post = async (path: string, body: unknown) => {
        const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
        const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
        return { status: answer.status, text: await answer.text() };
      };
      const subscription = { name: 'first', url: `${receiver.url}/hook`, profile: 'standard', signatureSecret: secret };
      const created = await post('/api/v1/webhook-subscriptions', { ...subscription, authType: 'signature' });
      assert.equal(created.status, 201, created.text);
      const accepted = await post('/api/v1/events', { type: 'release.created', data: { name: 'one' } });
      assert.equal(accepted.status, 202, accepted.text);
      await receiver.waitFor((requests) => requests.length === 1);
      const [request] = receiver.requests;
      assert.ok(request);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const envelope = new Webhook(secret).verify(request.rawBody.toString(), headers) as Record<string, unknown>;
      assert.equal(envelope.event, 'release.created');
      assert.deepEqual(envelope.data, { name: 'one' });
    } finally {
      exitCode = await hookyard.terminate();
      await receiver.close();
    }
    assert.equal(exitCode, 0);
  });

  test('refuses wrong settings with 2', async () => {
    const hookyard = installed.start(['serve', '--no-such-flag']);
    try {
      await assert.rejects(hookyard.says('Hookyard listens on '), /no-such-flag/);
    } finally {
      assert.equal(await hookyard.terminate(), 2);
    }
  });
});
