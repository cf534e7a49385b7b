import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../index.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

function run(args: readonly string[], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...environment },
  });
  return { status, stdout, stderr };
}

test('--version prints the version', () => {
  assert.deepEqual(run(['--version']), { status: 0, stdout: `${VERSION}\n`, stderr: '' });
});

test('--help names the commands, and each command its flags', () => {
  assert.match(run(['--help']).stdout, /serve .*[\s\S]*dev /);
  const { status, stdout } = run(['serve', '--help']);
  assert.equal(status, 0);
  for (const flag of ['--host', '--port', '--data', '--allow-hosts', '--config'])
    assert.ok(stdout.includes(flag), flag);
  assert.ok(!stdout.includes('--api-key'));
});

test('an unknown flag, command or variable exits 2 and says what to do', () => {
  for (const args of [['serve', '--nonsense'], ['nonsense'], ['serve', '--api-key', 'x']]) {
    const { status, stderr } = run(args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, /--help/);
  }
  const { status, stderr } = run(['serve'], { HOOKYARD_NONSENSE: '1' });
  assert.equal(status, 2);
  assert.match(stderr, /HOOKYARD_NONSENSE[\s\S]*Remove it/);
});
