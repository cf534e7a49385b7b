import assert from 'node:assert/strict';
import test from 'node:test';
import { RECEIVED_AT_MS, readerInput, SAMPLES, sample } from '../../../test/support/samples.ts';
import { createMac } from '../../adapters/mac.ts';
import { detectFormat, readers } from '../reader.ts';
import { isSourceType, SOURCE_TYPES, type SourceType } from '../source.ts';
import { understand } from '../understanding.ts';

const auto = readers['registry-push'];

/** Types of the group, and the generic format that seed 001 reads as its last resort. */
const TYPES = Object.keys(SOURCE_TYPES)
  .filter(isSourceType)
  .filter((type) => type === 'generic' || SOURCE_TYPES[type].groups.some((group) => group === 'registry-push'));

function detected(body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return detectFormat({ body, headers });
}

for (const { file, type, headers = {} } of SAMPLES.filter((row) => TYPES.includes(row.type))) {
  test(`${file} is told to be of ${type}, and read as it is there`, () => {
    const input = readerInput(sample(file), { headers });
    assert.equal(detectFormat(input), type);
    assert.deepEqual(auto(input), readers[type](input));
  });
}

test('every type of the group can be told from a sample', () => {
  const told = new Set<SourceType>(SAMPLES.map(({ type }) => type));
  assert.deepEqual(
    TYPES.filter((type) => type !== 'registry-push' && !told.has(type)),
    [],
  );
});

test('samples of forges are nobody we know', () => {
  for (const { file, type, headers = {} } of SAMPLES.filter((row) => !TYPES.includes(row.type))) {
    if (file === 'github-ping') continue;
    assert.equal(detected(sample(file), headers), null, `${file} of ${type}`);
  }
});

test('a message is known again by the rule of whoever sent it', () => {
  const { sha256 } = createMac();
  const read = { registry: null, timeZone: null, mapping: null, scheme: { type: 'url' } } as const;
  const config = { type: 'registry-push', ...read } as const;
  const ruleOf = (file: string, type: SourceType) => {
    const body = new TextEncoder().encode(JSON.stringify(sample(file)));
    const message = { headers: {}, body, receivedAtMs: RECEIVED_AT_MS };
    const told = understand(message, config, sha256).dedupe;
    assert.deepEqual(told, understand(message, { ...config, type }, sha256).dedupe);
    return told?.key.replace(/:.*/, '') ?? null;
  };
  assert.equal(ruleOf('distribution-push', 'distribution'), 'events');
  assert.equal(ruleOf('harbor-push-cloudevents', 'harbor'), 'cloudevent');
  assert.equal(ruleOf('dockerhub-push', 'dockerhub'), 'facts');
  assert.equal(ruleOf('native-push', 'native'), null);
});

const HUB = { push_data: { tag: 'v1' }, repository: { namespace: 'acme', name: 'api' } };

test('Docker Hub and Aliyun are told apart by what only one of them has', () => {
  const pushed = (at: unknown) => ({ ...HUB, push_data: { tag: 'v1', pushed_at: at } });
  assert.equal(detected(pushed(1_767_225_600)), 'dockerhub');
  assert.equal(detected(pushed('2026-01-01 08:00:00')), 'aliyun');
  assert.equal(detected({ ...HUB, callback_url: 'https://hub.example/x' }), 'dockerhub');
  assert.equal(detected({ ...HUB, repository: { ...HUB.repository, region: 'cn-hangzhou' } }), 'aliyun');
});

test('what both could have sent is not guessed at, and the reason names the types to choose from', () => {
  const both = { ...HUB, repository: { repo_name: 'acme/api', repo_full_name: 'acme/api' } };
  for (const body of [HUB, both]) {
    assert.equal(detected(body), null);
    const reading = auto(readerInput(body));
    assert.ok(reading.kind === 'unreadable');
    assert.match(reading.reason, /dockerhub or aliyun/);
  }
  const named = auto(readerInput({ image: 'acme/api:v1', repository: 'acme/api', tag: 'v1' }));
  assert.ok(named.kind === 'unreadable');
  assert.match(named.reason, /native or generic/);
});

test('CloudEvents are told by their type in every mode, and batches are of anybody', () => {
  const event = (type: string) => ({ specversion: '1.0', id: '1', source: '/x', type });
  assert.equal(detected(event('harbor.artifact.pushed')), 'harbor');
  assert.equal(detected(event('zotregistry.image.updated')), 'zot');
  assert.equal(detected(event('dev.cdevents.artifact.published.0.2.0')), 'cdevents');
  assert.equal(detected(event('net.example.built')), 'cloudevents');
  assert.equal(detected([event('harbor.artifact.pushed')]), 'cloudevents');
  assert.equal(detected({}, { 'ce-specversion': '1.0', 'ce-type': 'zotregistry.image.updated' }), 'zot');
});

test('a name with a tag is our own payload only when nothing stands beside it', () => {
  assert.equal(detected({ name: 'acme/api', tag: 'v1' }), 'native');
  assert.equal(detected({ name: 'acme/api', tag: 'v1', object_kind: 'release' }), null);
});

test('a payload of nobody we know is unreadable, and holds no surprise', () => {
  for (const body of [
    null,
    7,
    'x',
    [],
    {},
    { push_data: 7 },
    { type: 'x' },
    JSON.parse('{"__proto__": {"image": "x"}}'),
  ]) {
    assert.equal(detected(body), null);
    assert.equal(auto(readerInput(body)).kind, 'unreadable');
  }
});

test('handshakes are only answered by a source that a person set up for their sender', () => {
  const eventType = 'Microsoft.EventGrid.SubscriptionValidationEvent';
  const body = [{ id: '1', eventType, data: { validationCode: 'c0de' }, topic: '/subscriptions/x' }];
  assert.equal(readers['acr-eventgrid'](readerInput(body)).kind, 'handshake');
  assert.equal(auto(readerInput(body)).kind, 'ignored');
});
