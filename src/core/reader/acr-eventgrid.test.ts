import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readers } from '../reader.ts';
import { readAcrEventGrid } from './acr-eventgrid.ts';

const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';

function read(body: unknown, headers: Record<string, string> = {}) {
  return readAcrEventGrid(readerInput(body, { headers }));
}

function images(reading: ReturnType<typeof readAcrEventGrid>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts.map(({ fact }) => {
    assert.ok('digest' in fact);
    return fact;
  });
}

function pushed(target: object, eventType = 'Microsoft.ContainerRegistry.ImagePushed') {
  return { id: 'e', eventType, data: { target } };
}

test('every push and deletion of a batch is read, at its own time', () => {
  const reading = read(sample('acr-eventgrid-batch'));
  assert.deepEqual(
    images(reading).map(({ kind, repository, tag, timeMs }) => [kind, repository, tag, timeMs]),
    [
      ['image.push', 'coast/lighthouse', '2.4.0', 1_767_225_600_123],
      ['image.delete', 'coast/buoy', null, 1_767_225_600_765],
    ],
  );
  assert.deepEqual(reading.kind === 'facts' && reading.facts[1]?.provenance, {
    kind: '/2/eventType',
    registry: '/2/data/request/host',
    repository: '/2/data/target/repository',
    digest: '/2/data/target/digest',
    time: '/2/data/timestamp',
  });
});

test('CloudEvents say the same as events of its own schema, singly, in batches and in binary mode', () => {
  const event = sample('acr-eventgrid-cloudevent');
  const [own] = images(read(sample('acr-eventgrid-batch')));
  assert.deepEqual(images(read(event)), [{ ...own, timeSource: 'data.timestamp (iso)' }]);
  assert.equal(images(read([event, event])).length, 2);
  const headers = { 'ce-specversion': '1.0', 'ce-type': String(event.type), 'ce-source': '/x', 'ce-id': '1' };
  const binary = read(event.data, headers);
  assert.ok(binary.kind === 'facts');
  assert.equal(binary.facts[0]?.provenance.kind, 'header:ce-type');
  assert.equal(binary.facts[0]?.provenance.tag, '/target/tag');
});

test('a source of CloudEvents of any sender knows those of the registry', () => {
  const reading = readers.cloudevents(readerInput(sample('acr-eventgrid-cloudevent')));
  assert.equal(images(reading)[0]?.registry, 'coastline.azurecr.io');
});

test('a pushed chart is a chart, and what changes no image is ignored', () => {
  const chart = { mediaType: 'application/vnd.acr.helm.chart', repository: 'coast', tag: 'buoy-1.0.0.tgz' };
  assert.equal(images(read([pushed(chart, 'Microsoft.ContainerRegistry.ChartPushed')]))[0]?.kind, 'chart.push');
  for (const type of ['Microsoft.ContainerRegistry.ChartDeleted', 'Microsoft.EventGrid.SubscriptionDeletedEvent']) {
    assert.equal(read([pushed(chart, type)]).kind, 'ignored', type);
  }
  assert.equal(read([]).kind, 'ignored');
});

test('the code of a new subscription is given back', () => {
  const event = {
    id: 'v',
    eventType: VALIDATION,
    data: { validationCode: 'C0DE', validationUrl: 'https://x.example' },
  };
  const reading = read([event]);
  assert.ok(reading.kind === 'handshake');
  assert.deepEqual(reading.echo, { validationResponse: 'C0DE' });
  assert.deepEqual(reading.facts, []);
});

test('a code that is missing, no text or too long is not given back', () => {
  for (const validationCode of [undefined, '', 7, {}, 'x'.repeat(513), 'a\u0000b']) {
    const reading = read([{ id: 'v', eventType: VALIDATION, data: { validationCode } }]);
    assert.ok(reading.kind === 'unreadable');
    assert.equal(reading.pointer, '/0/data/validationCode');
  }
});

test('what can be read of a batch counts; when nothing can, the first fault is named', () => {
  const good = { repository: 'coast/buoy', tag: 'v1' };
  assert.equal(images(read([pushed({}), pushed(good)])).length, 1);
  const pointerOf = (body: unknown) => {
    const reading = read(body);
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf([pushed({}), {}]), '/0/data/target/repository');
  assert.equal(pointerOf([{}]), '/0/eventType');
  assert.equal(pointerOf({}), '');
  assert.equal(pointerOf(Array(1001).fill({})), '');
});
