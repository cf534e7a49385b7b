import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECTIONS_PER_NODE, ROADS } from './roads.ts';

test('a node takes as many connections as is said, and one more only while it starts', () => {
  const { install, ...roads } = ROADS;
  const line = 1;
  const taken = Object.values(roads).reduce((sum, { connections }) => sum + connections, line);
  assert.deepEqual([taken, install.connections], [CONNECTIONS_PER_NODE, 1]);
});
