import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { DELIVERY_STATUSES } from '../../src/core/attempt.ts';
import { compileFilters, evaluate, FILTER_OPERATORS, type FilterRule } from '../../src/core/filter.ts';
import { sampleTypes } from '../../src/core/samples.ts';
import { deliveryShown } from '../../src/server/schemas/delivery.ts';
import { subscriptionInput } from '../../src/server/schemas/subscription.ts';
import type { Received, Receiver } from '../support/receiver.ts';
import { onlyBlock, readPage, sectionOf, tableRows } from './page.ts';
import { moduleFrom } from './snippet.ts';
import type { Terminal } from './terminal.ts';
import { openPlaces, walk } from './walk.ts';

const DELIVERING = readPage('docs/guides/delivering.md');
const RECEIVING = readPage('docs/guides/receiving.md');
const SECRET = 'my-secret-key';
const ROTATED_TO = 'my-new-secret-key';

test('every command of the guide to receiving works and answers what is shown', async (context) => {
  const { terminal, here } = await openPlaces(context);
  assert.ok((await walk(RECEIVING, terminal, here)) > 8);
});

test('every command of the guide to delivering works and answers what is shown', async (context) => {
  const { terminal, here, receiver } = await openPlaces(context);
  assert.ok((await walk(DELIVERING, terminal, here)) > 6);
  const { verifyWebhook } = await moduleFrom(onlyBlock(DELIVERING, 'js', 'Verify in the receiver'), context);
  assert.ok(receiver.requests.length >= 3);
  for (const { rawBody, headers } of receiver.requests) {
    assert.equal(verifyWebhook?.(rawBody, headers, SECRET), true);
    assert.equal(verifyWebhook?.(rawBody, headers, 'another'), false);
    assert.equal(verifyWebhook?.(Buffer.concat([rawBody, Buffer.from(' ')]), headers, SECRET), false);
    assert.equal(verifyWebhook?.(rawBody, headers, SECRET, Date.now() / 1000 + 301), false);
    for (const forged of forgedFrom(headers)) assert.equal(verifyWebhook?.(rawBody, forged, SECRET), false);
    assert.equal(isValidInPython(rawBody, headers, SECRET), true);
    assert.equal(isValidInPython(rawBody, headers, 'another'), false);
  }
  for (const forged of [null, '', 'é', '\udcff', 'ab']) {
    const headers = { 'x-stella-signature': forged, 'x-stella-signature-next': forged };
    assert.equal(isValidInPython(Buffer.from('{}'), headers, SECRET), false);
  }
  const sent = await sentInRotation(terminal, receiver);
  for (const [secret, isOne] of [
    [SECRET, true],
    [ROTATED_TO, true],
    ['another', false],
  ] as const) {
    assert.equal(verifyWebhook?.(sent.rawBody, sent.headers, secret), isOne, secret);
    assert.equal(isValidInPython(sent.rawBody, sent.headers, secret), isOne, secret);
  }
});

/** What the receiver is sent after the last command of the guide, which rotates the secret. */
async function sentInRotation(terminal: Terminal, receiver: Receiver): Promise<Received> {
  const before = receiver.requests.length;
  await terminal.run(
    `api POST /api/v1/events '{"type": "deployment.completed", "data": {"environment": {"name": "production"}}}'`,
  );
  await receiver.waitFor((requests) => requests.length > before);
  const sent = receiver.requests.at(-1);
  assert.ok(sent?.headers['x-stella-signature-next'] !== undefined);
  return sent;
}

type Headers = Readonly<Record<string, unknown>>;

/** Headers of somebody who has not the secret: each one left out, and signatures that are none. */
function forgedFrom(headers: Headers): Headers[] {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const lacking = names.map((name) => ({ ...headers, [name]: undefined }));
  const wrong = ['', 'v1,', 'v1,é', 'v1,AAAA', 'v1'].map((text) => ({ ...headers, 'webhook-signature': text }));
  return [{}, ...lacking, ...wrong];
}

function isValidInPython(body: Buffer, headers: Headers, secret: string): boolean {
  const snippet = onlyBlock(DELIVERING, 'python', 'Verify in the receiver');
  const program = `${snippet}\n\nimport sys\nimport json
headers, secret = json.loads(sys.argv[1])
# Frameworks find a header in any case; here it stands as the page writes it.
written = {name.title(): value for name, value in headers.items()}
print(is_from_hookyard(sys.stdin.buffer.read(), written, secret))`;
  const given = JSON.stringify([headers, secret]);
  const { error, stdout, stderr } = spawnSync('python3', ['-c', program, given], { input: body });
  assert.equal(error, undefined, 'this test needs python3');
  assert.equal(`${stderr}`, '');
  return `${stdout}` === 'True\n';
}

test('the table of filters has every operator, each with a filter that passes the event shown', () => {
  const shown = sectionOf(DELIVERING, 'Filters');
  const document: unknown = JSON.parse(onlyBlock(DELIVERING, 'json', 'Filters'));
  const rows = tableRows(shown);
  assert.deepEqual(rows.map(([operator]) => operator).sort(), [...FILTER_OPERATORS].sort());
  for (const [operator, , text = ''] of rows) {
    const rule = JSON.parse(text) as FilterRule;
    assert.equal(rule.operator, operator);
    const compiled = compileFilters([rule]);
    assert.ok(compiled.kind === 'compiled', text);
    assert.deepEqual(evaluate(compiled.filters, document), { kind: 'pass' }, text);
  }
});

test('the tables of the guides have every status, reason to hold, subscription and retry field', () => {
  const first = (page: string, heading: string) => tableRows(sectionOf(page, heading)).map(([cell = '']) => cell);
  const named = (page: string, heading: string) =>
    first(page, heading).flatMap((cell) => cell.split(', ').map((word) => word.replaceAll('`', '')));
  assert.deepEqual(first(DELIVERING, 'Look at deliveries').sort(), [...DELIVERY_STATUSES].sort());
  const reasons = deliveryShown.shape.heldReason.unwrap().options;
  assert.deepEqual(named(DELIVERING, 'Why a delivery is held').sort(), [...reasons].sort());
  const retry = Object.keys(subscriptionInput.shape.retryPolicy.unwrap().unwrap().shape);
  assert.deepEqual(named(DELIVERING, 'When a receiver fails').sort(), retry.sort());
  const inText = ['name', 'description', 'metadata', 'basicUsername', 'basicPassword', 'bearerToken', 'authHeader'];
  const fields = Object.keys(subscriptionInput.shape).filter((field) => !inText.includes(field));
  assert.deepEqual(named(DELIVERING, 'Subscribe').sort(), fields.sort());
  const samples = /There are samples of ([\s\S]*?)\.\n\n/.exec(DELIVERING)?.[1] ?? '';
  assert.deepEqual([...samples.matchAll(/`([^`]+)`/g)].map(([, type]) => type).sort(), sampleTypes.toSorted());
});
