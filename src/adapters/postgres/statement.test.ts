import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementOf } from './statement.ts';

test('parameters are numbered by their first place, each once, and casts are none', () => {
  const { text, parameters } = statementOf(['set_subscription_version']);
  assert.match(text, /set version = \$1::int, updated_ms = \$2::bigint where id = \$3::uuid/);
  assert.deepEqual(parameters, ['version', 'now', 'id']);
  assert.deepEqual(statementOf(['delete_subscription']).parameters, ['now', 'id']);
});

test('what a comment says is no parameter', () => {
  assert.equal(statementOf(['claim.due', 'claim.within']).text.includes('--'), false);
});

test('a statement made of the same pieces is prepared once', () => {
  assert.equal(statementOf(['events', 'events.newest']), statementOf(['events', 'events.newest']));
  assert.notEqual(statementOf(['events', 'events.newest']).name, statementOf(['event']).name);
});
