import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openApi } from '../../test/support/api.ts';
import { steppedClock } from '../../test/support/stepped-clock.ts';
import { endedEarly, type Intake, readBody, readStream, roomRefusal, take } from './body.ts';
import { createLargeBodies, LARGE_BODY_BYTES } from './large-bodies.ts';
import { arrival, emptyLoad, type Load, leave } from './load.ts';

const PATHS = ['/api/v1/events', '/api/v1/webhook-subscriptions'];

test('bodies that are no JSON object are refused with the place of the fault', async () => {
  const api = await openApi();
  const cases: [body: string, code: string, detail: RegExp][] = [
    ['', 'invalid_json', /^The body is empty\.$/],
    ['{"type": nope}', 'invalid_json', /line 1, column 10/],
    ['{"type":"a"', 'invalid_json', /line 1/],
    ['[1]', 'invalid_json', /object at its top level/],
    ['"text"', 'invalid_json', /object at its top level/],
    ['{"type":"a","type":"b"}', 'invalid_json', /twice/],
    [`{"data":${'['.repeat(64)}${']'.repeat(64)}}`, 'json_too_deep', /64 levels/],
    [`{"data":${'['.repeat(200_000)}`, 'json_too_deep', /64 levels/],
  ];
  for (const path of PATHS) {
    for (const [body, code, detail] of cases) {
      const headers = { 'Content-Type': 'application/json' };
      const got = await api.call('POST', path, body, { headers });
      assert.deepEqual([got.status, got.json.code], [400, code], body.slice(0, 40));
      assert.match(got.json.detail, detail);
    }
  }
});

const members = (count: number) => `{${Array.from({ length: count }, (_, at) => `"m${at}":0`).join(',')}}`;
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const values = (count: number) => `[${Array(count).fill(0).join(',')}]`;

test('what holds too many members or values is refused with its place, before it is checked', async () => {
  const api = await openApi();
  const [event, settings] = ['/api/v1/events', '/api/v1/webhook-subscriptions'];
  const cases: [path: string, body: string, detail: RegExp, pointer?: string][] = [
    [event, `{"type":"a","data":${members(50_000)}}`, /more than 50000 members/, '/data'],
    [event, `{"type":"a","data":${values(250_001)}}`, /more than 250000 values/, '/data'],
    [event, members(1001), /more than 1000 members at its top level/],
    [`${event}/explain`, `{"type":"a","data":${members(50_000)}}`, /more than 50000 members/, '/data'],
    [settings, `{"url":"https://a.b","metadata":${members(5000)}}`, /more than 5000 members/, '/metadata'],
    [settings, `{"url":"https://a.b","events":${values(60_001)}}`, /more than 60000 values/, '/events'],
    [
      `${event}/batch`,
      `{"events":[],"x":${nested(1000)},${members(1001).slice(1)}`,
      /more than 1000 members at its top/,
    ],
    [`${event}/batch`, `{"events":[${members(200_001)}]}`, /more than 200000 members/, '/events'],
    [`${event}/batch`, `{"events":[${'{},'.repeat(500_000)}{}]}`, /more than 1000000 values/, '/events'],
  ];
  for (const [path, body, detail, pointer] of cases) {
    const { status, json } = await api.call('POST', path, body, { headers: { 'Content-Type': 'application/json' } });
    assert.deepEqual([status, json.code, json.errors?.[0].pointer], [400, 'json_too_many', pointer], path);
    assert.match(json.detail, detail);
    assert.match(json.remedy, /fewer events/);
  }
  const large = `{"type":"a","data":{"a":${members(24_000)},"b":${members(24_000)}}}`;
  const taken = await api.call('POST', event, large, { headers: { 'Content-Type': 'application/json' } });
  assert.equal(taken.status, 202, taken.text);
});

test('a name that stands twice is pointed at', async () => {
  const api = await openApi();
  const got = await api.call('POST', '/api/v1/events', '{"type":"a","data":1,"type":"b"}');
  assert.equal(got.json.errors[0].pointer, '/type');
});

test('bytes that are not UTF-8 are refused', async () => {
  const api = await openApi();
  const response = await api.app.fetch(
    new Request('http://hookyard.test/api/v1/events', {
      method: 'POST',
      headers: { Authorization: `Bearer ${api.keys.admin}`, 'Content-Type': 'application/json' },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    }),
  );
  const problem = (await response.json()) as { code: string; detail: string };
  assert.deepEqual([response.status, problem.code], [400, 'invalid_json']);
  assert.match(problem.detail, /UTF-8 \(byte 2\)/);
});

test('a body over the limit is 413 and the limit is named, declared or not', async () => {
  const api = await openApi({ maxBodyBytes: 2048 });
  const body = JSON.stringify({ type: 'a', data: 'x'.repeat(4000) });
  for (const headers of [{}, { 'Content-Length': `${body.length}` }]) {
    const got = await api.call('POST', '/api/v1/events', body, { headers });
    assert.deepEqual([got.status, got.json.code], [413, 'body_too_large']);
    assert.match(got.json.detail, /2048 bytes/);
  }
  assert.equal((await api.call('POST', '/api/v1/events', { type: 'a', data: 'x'.repeat(1900) })).status, 202);
});

test('a body is refused by its declared length before it is read', async () => {
  const api = await openApi();
  const headers = { 'Content-Length': '9999999999' };
  for (const path of PATHS) {
    assert.equal((await api.call('POST', path, '{}', { headers })).status, 413, path);
  }
});

test('other content types and compressed bodies are refused', async () => {
  const api = await openApi();
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'text/json'];
  for (const path of PATHS) {
    for (const type of types) {
      const got = await api.call('POST', path, '{}', { headers: { 'Content-Type': type } });
      assert.deepEqual([got.status, got.json.code], [415, 'unsupported_media_type'], type);
    }
    const zipped = await api.call('POST', path, '{}', { headers: { 'Content-Encoding': 'gzip' } });
    assert.deepEqual([zipped.status, zipped.json.code], [415, 'unsupported_encoding']);
  }
  const headers = { 'Content-Type': 'Application/JSON; charset="UTF-8"' };
  assert.equal((await api.call('POST', '/api/v1/events', { type: 'a', data: 1 }, { headers })).status, 202);
});

const MEBIBYTE = 1024 * 1024;

async function* streamOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

interface Asked {
  load: Load;
  chunks: Iterable<Uint8Array>;
  declared?: number;
  maxBytes?: number;
}

/** Reads a body as the server does; what it held at the end of reading comes with it. */
async function readOne({ load, chunks, declared, maxBytes = MEBIBYTE }: Asked) {
  const stay = arrival('/api/v1/events', 'POST', '01900000-0000-7000-8000-00000000a0a0');
  const declares = { contentLength: declared === undefined ? null : `${declared}`, contentEncoding: null };
  let kept: Intake | undefined;
  const body = await readBody({ load, stay }, declares, maxBytes, (intake) => {
    kept = intake;
    return readStream(streamOf(chunks), intake);
  });
  const held = stay.bytes;
  leave(load, stay);
  return { body, held, keptBytes: kept?.bytes.length ?? 0 };
}

test('a body is what came, in however many chunks, and holds at most twice its size or what it declared', async () => {
  const chunk = fc.uint8Array({ maxLength: 3000 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), fc.boolean(), async (chunks, declares) => {
      const whole = Buffer.concat(chunks);
      const load = emptyLoad({ maxInFlight: 1, maxBytes: MEBIBYTE });
      const { body, held } = await readOne({ load, chunks, ...(declares ? { declared: whole.length } : {}) });
      assert.ok(body.kind === 'bytes' && whole.equals(body.bytes));
      assert.ok(
        held >= whole.length && held <= (declares ? whole.length : Math.max(4096, 2 * whole.length)),
        `${held}`,
      );
      assert.equal(load.bytes, 0);
    }),
    { numRuns: 200 },
  );
});

test('a body that comes byte by byte takes the memory of its bytes, not of its chunks', async () => {
  const load = emptyLoad({ maxInFlight: 1, maxBytes: MEBIBYTE });
  const chunks = Array.from({ length: 50_000 }, (_, at) => Uint8Array.of(at % 256));
  const { body, held } = await readOne({ load, chunks });
  assert.ok(body.kind === 'bytes' && body.bytes.length === 50_000 && body.bytes[49_999] === 49_999 % 256);
  assert.equal(held, 65_536);
});

test('the first chunk is not written to when more come', async () => {
  const load = emptyLoad({ maxInFlight: 1, maxBytes: MEBIBYTE });
  const first = new Uint8Array(8).subarray(0, 4);
  await readOne({ load, chunks: [first, Uint8Array.of(1, 2, 3)] });
  assert.deepEqual(new Uint8Array(first.buffer), new Uint8Array(8));
});

test('a body that all bodies together leave no room for is refused, by its declared length or on its way', async () => {
  const load = emptyLoad({ maxInFlight: 1, maxBytes: 10_000 });
  load.bytes = 6000;
  const pieces = Array.from({ length: 5 }, () => new Uint8Array(1000));
  for (const declared of [undefined, 5000]) {
    const { body, keptBytes } = await readOne({
      load,
      chunks: pieces,
      ...(declared === undefined ? {} : { declared }),
    });
    assert.ok(body.kind === 'problem' && body.code === 'overloaded' && body.retryAfterSeconds === 1);
    // While the sender is still writing, nothing of it is kept.
    assert.deepEqual([keptBytes, load.bytes], [0, 6000]);
  }
  assert.equal((await readOne({ load, chunks: pieces.slice(1), declared: 4000 })).body.kind, 'bytes');
});

test('a length that is no number says nothing', async () => {
  const load = emptyLoad({ maxInFlight: 1, maxBytes: 100 });
  for (const declared of [Number.NaN, -5]) {
    assert.equal((await readOne({ load, chunks: [new Uint8Array(10)], declared })).body.kind, 'bytes');
  }
});

const ROOM = { bytes: 100, waitMs: 5000, waiting: 9, stayMs: 60_000 };

test('a body that is declared large waits for room before any of it is taken in', async () => {
  const load = emptyLoad({ maxInFlight: 9, maxBytes: 9e6 });
  const largeBodies = createLargeBodies(steppedClock(), ROOM).of(null);
  const leaveRoom = await largeBodies.enter(100);
  let isRead = false;
  const declares = { contentLength: `${LARGE_BODY_BYTES + 1}`, contentEncoding: null };
  const body = readBody({ load, stay: arrival('/', 'POST', ''), largeBodies }, declares, MEBIBYTE, async (intake) => {
    isRead = true;
    return readStream(streamOf([new Uint8Array(LARGE_BODY_BYTES + 1)]), intake);
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isRead, false);
  leaveRoom?.();
  assert.equal((await body).kind, 'bytes');
});

test('the memory of a large body that broke off is given back when its request leaves', async () => {
  const load = emptyLoad({ maxInFlight: 9, maxBytes: 9e6 });
  const largeBodies = createLargeBodies(steppedClock(), ROOM).of(null);
  const stay = arrival('/', 'POST', '');
  const declares = { contentLength: `${MEBIBYTE}`, contentEncoding: null };
  let came: Uint8Array | undefined;
  const broken = await readBody({ load, stay, largeBodies }, declares, MEBIBYTE, async (intake) => {
    for (let n = 0; n < 3; n++) assert.equal(take(intake, new Uint8Array(60_000)), null);
    came = intake.bytes;
    return endedEarly();
  });
  assert.deepEqual([broken.kind, came?.length], ['problem', MEBIBYTE]);
  leave(load, stay);
  assert.equal(came?.length, 0);
});

test('who leaves while it waits for room for a large body leaves it to the others', async () => {
  const load = emptyLoad({ maxInFlight: 9, maxBytes: 9e6 });
  const largeBodies = createLargeBodies(steppedClock(), ROOM).of(null);
  const coming = () => {
    const stay = arrival('/', 'POST', '');
    const rest = {
      maxBytes: 100,
      declaredBytes: 100,
      bytes: new Uint8Array(0),
      length: 0,
      isOurs: false,
      hasRoom: false,
    };
    return { stay, refusal: roomRefusal({ load, stay, largeBodies, ...rest }) };
  };
  const [inside, gone, last] = [coming(), coming(), coming()];
  assert.equal(await inside.refusal, null);
  leave(load, gone.stay);
  leave(load, inside.stay);
  await gone.refusal;
  assert.equal(await last.refusal, null);
  leave(load, last.stay);
  assert.equal(await coming().refusal, null);
});
