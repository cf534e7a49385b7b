import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';

/** A log and the lines it wrote. */
function capture(level: string) {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') };
}

test('a line is one JSON object with level, time and event', () => {
  const { log, lines, last } = capture('info');
  log.info('delivery.settled', { deliveryId: 'd', ms: 7, nested: { a: [1] } });
  assert.ok(lines[0]?.endsWith('\n'));
  const { time, ...rest } = last();
  assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(rest, { level: 'info', event: 'delivery.settled', deliveryId: 'd', ms: 7, nested: { a: [1] } });
});

test('lines below the level are not written; an unknown level counts as info', () => {
  for (const [level, expected] of [
    ['warn', 2],
    ['nonsense', 3],
    ['debug', 4],
    ['silent', 0],
  ] as const) {
    const { log, lines } = capture(level);
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    assert.equal(lines.length, expected, level);
  }
});

test('who judged or accepted a receipt by hand is written at every level but silent', () => {
  for (const [level, expected] of [
    ['debug', 3],
    ['info', 3],
    ['warn', 2],
    ['error', 2],
    ['silent', 0],
  ] as const) {
    const { log, lines } = capture(level);
    for (const event of ['receipt.accepted', 'receipt.reverified', 'other']) log.info(event, { keyId: 'k' });
    assert.equal(lines.length, expected, level);
    if (expected > 0) assert.match(lines[0] ?? '', /"level":"info".*"keyId":"k","event":"receipt.accepted"/);
  }
});

test('secrets are taken out by the name of their field, at any depth', () => {
  const { log, lines } = capture('info');
  const secret = 'canary';
  log.info('a', {
    secret,
    Authorization: secret,
    config: { signatureSecrets: [secret], auth: { token: secret, password: secret } },
    list: [{ apiKey: secret, 'Set-Cookie': secret }],
    url: `https://host/${secret}`,
  });
  assert.doesNotMatch(lines[0] ?? '', /canary/);
});

test('URLs inside texts are taken out', () => {
  const { log, lines } = capture('info');
  log.warn('a', { detail: 'no answer from https://user:canary@host/path?canary=1 in 5 s' });
  assert.doesNotMatch(lines[0] ?? '', /canary/);
  assert.match(lines[0] ?? '', /no answer from \[url\] in 5 s/);
});

test('an error is reduced to name, code and message; its own fields and stack stay away', () => {
  const cause = Object.assign(new Error('Invalid URL'), { code: 'ERR_INVALID_URL', input: 'https://canary' });
  const error = Object.assign(new TypeError('failed at https://canary/x', { cause }), { headers: { a: 'canary' } });
  const { log, lines, last } = capture('info');
  log.error('http.failed', { error });
  assert.deepEqual(last().error, {
    name: 'TypeError',
    message: 'failed at [url]',
    cause: { name: 'Error', code: 'ERR_INVALID_URL', message: 'Invalid URL' },
  });
  assert.doesNotMatch(lines[0] ?? '', /canary/);
});

test('at debug the stack is there, without the message', () => {
  const { log, last } = capture('debug');
  log.error('http.failed', { error: new Error('first\nsecond canary') });
  assert.match(last().error.stack, /^\s+at /);
  assert.doesNotMatch(last().error.stack, /canary/);
});

test('bytes, big numbers, deep and circular values do not break a line', () => {
  const { log, last } = capture('info');
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  log.info('a', { bytes: new Uint8Array(3), big: 12n, circle });
  assert.deepEqual([last().bytes, last().big], ['[3 bytes]', '12']);
});
