import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { withSettings } from './flags.ts';

function flagsOf(...args: string[]) {
  return withSettings(new Command()).parse(args, { from: 'user' }).opts();
}

test('lists that are given apart are one, and of anything else the last one counts', () => {
  const flags = flagsOf('--allow-hosts', 'a.test', '--port', '1', '--allow-hosts', 'b.test,c.test', '--port', '2');
  assert.deepEqual(flags, { allowHosts: 'a.test,b.test,c.test', port: '2' });
});
