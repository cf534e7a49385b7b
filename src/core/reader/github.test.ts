import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readGhcr } from './ghcr.ts';
import { readGithub } from './github.ts';

function read(event: string, body: unknown) {
  return readGithub(readerInput(body, { headers: { 'x-github-event': event } }));
}

test('the header says which event it is, not the body', () => {
  assert.equal(read('push', sample('github-push')).kind, 'facts');
  assert.equal(read('issues', sample('github-push')).kind, 'ignored');
  assert.deepEqual(readGithub(readerInput(sample('github-push'))), {
    kind: 'unreadable',
    reason: 'No X-GitHub-Event header names the event.',
  });
  assert.equal(
    readGithub(readerInput(sample('github-push'), { headers: { 'x-github-event': '' } })).kind,
    'unreadable',
  );
});

test('names of events are no members of anything', () => {
  for (const event of ['constructor', '__proto__', 'toString']) assert.equal(read(event, {}).kind, 'ignored');
});

test('a ping is a handshake that says what the webhook was set up on', () => {
  assert.deepEqual(read('ping', sample('github-ping')), {
    kind: 'handshake',
    reason: 'GitHub tests the connection.',
    facts: [
      {
        fact: { kind: 'ping', repository: 'Acme/Api' },
        provenance: { kind: 'header:x-github-event', repository: '/repository/full_name' },
      },
    ],
    echo: null,
  });
  const ofOrganisation = read('ping', { zen: 'x', organization: { login: 'Acme' } });
  assert.ok(ofOrganisation.kind === 'handshake');
  assert.deepEqual(ofOrganisation.facts[0]?.fact, { kind: 'ping', repository: null });
});

test('packages are read as the reader of GitHub Packages reads them', () => {
  const input = readerInput(sample('ghcr-package'), { headers: { 'x-github-event': 'package' } });
  assert.deepEqual(readGithub(input), readGhcr(input));
  assert.equal(readGithub(input).kind, 'facts');
});

test('events that say again what another one says are ignored, and the reason names that one', () => {
  for (const [event, other] of [
    ['create', /push/],
    ['delete', /push/],
    ['workflow_job', /workflow run/],
    ['check_run', /check suite/],
    ['deployment', /status/],
  ] as const) {
    const reading = read(event, {});
    assert.ok(reading.kind === 'ignored', event);
    assert.match(reading.reason, other);
  }
});

test('a body that is no object is unreadable whatever the header says', () => {
  for (const event of ['ping', 'push', 'package', 'issues']) {
    for (const body of [null, [], 'x', 7]) assert.equal(read(event, body).kind, 'unreadable', event);
  }
});
