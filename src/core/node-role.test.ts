import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ALL_NODE_ROLES, NODE_ROLES, parseNodeRoles, workOf } from './node-role.ts';

describe('the roles of a process', () => {
  test('are read from a comma list, in any order, each once', () => {
    const read = parseNodeRoles(' query, ingest,query');
    assert.deepEqual(read, { kind: 'roles', roles: new Set(['query', 'ingest']) });
    assert.deepEqual(parseNodeRoles(NODE_ROLES.join(',')), { kind: 'roles', roles: ALL_NODE_ROLES });
  });

  for (const [text, reason] of [
    ['', /lacks a role/],
    ['ingest,', /lacks a role/],
    ['ingest,sender', /"sender"/],
    ['Ingest', /"Ingest"/],
    ['constructor', /"constructor"/],
  ] as const) {
    test(`"${text}" is refused, and the roles there are are named`, () => {
      const read = parseNodeRoles(text);
      assert.ok(read.kind === 'refused');
      assert.match(read.reason, reason);
      for (const role of NODE_ROLES) assert.ok(read.reason.includes(role), role);
    });
  }

  test('each say what a process that has them does', () => {
    for (const role of NODE_ROLES) assert.match(workOf(role), /^[a-z]/);
  });
});
