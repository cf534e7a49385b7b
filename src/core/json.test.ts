import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { itemSpans, parseJson, type Span, scanJson } from './json.ts';

const LIMITS = { maxDepth: 32 };
const utf8 = new TextEncoder();
const bytesOf = (text: string): Uint8Array => utf8.encode(text);
const cut = (bytes: Uint8Array, span: Span | undefined): string =>
  span === undefined ? '(no span)' : new TextDecoder().decode(bytes.subarray(span.start, span.end));

const space = fc.array(fc.constantFrom(' ', '\n', '\t', '\r'), { maxLength: 3 }).map((marks) => marks.join(''));

/** Spells a JSON value with space before and after every token, as no serialiser would. */
function spaced(value: unknown, gap: string): string {
  if (Array.isArray(value)) return `[${gap}${value.map((item) => spaced(item, gap)).join(`${gap},${gap}`)}${gap}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([k, v]) => `${escaped(k)}${gap}:${gap}${spaced(v, gap)}`);
  return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`;
}

/** A string literal with every UTF-16 unit as a \u escape. */
function escaped(text: string): string {
  return `"${[...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
}

function spansOf(text: string): { bytes: Uint8Array; spans: ReadonlyMap<string, Span> } {
  const bytes = bytesOf(text);
  const scan = scanJson(bytes, LIMITS);
  assert.equal(scan.kind, 'scanned', text);
  return { bytes, spans: scan.spans };
}

function refusalOf(text: string | Uint8Array, limits = LIMITS) {
  const result = parseJson(typeof text === 'string' ? bytesOf(text) : text, limits);
  assert.equal(result.kind, 'refused');
  return result;
}

describe('spans of a JSON object', () => {
  it('keep the exact bytes of values that parsing would change', () => {
    const values = [
      '1.0',
      '1e400',
      '-0',
      '12345678901234567890',
      '"\\ud800"',
      '"\\u0041\\/"',
      '{"__proto__": 1 ,"a":1,"a":2}',
      '[ 1 , "]}" ]',
    ];
    for (const value of values) {
      const { bytes, spans } = spansOf(` {"type" :"x", "data" :\t${value}\n , "z":null} `);
      assert.equal(cut(bytes, spans.get('data')), value);
      assert.equal(cut(bytes, spans.get('z')), 'null');
    }
  });

  it('are found under decoded names, prototype names among them', () => {
    const { bytes, spans } = spansOf(
      '{"d\\u0061ta":1,"__proto__":2,"constructor":3,"é\\n":4,"\\ufeff":5,"":6,"\ufeffx":7}',
    );
    const found = Object.fromEntries([...spans].map(([key, span]) => [`key ${key}`, cut(bytes, span)]));
    assert.deepEqual(found, {
      'key data': '1',
      'key __proto__': '2',
      'key constructor': '3',
      'key é\n': '4',
      'key \ufeff': '5',
      'key ': '6',
      'key \ufeffx': '7',
    });
  });

  it('parse to what the whole text parses to, however the text is spaced and escaped', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 })), space, (object, gap) => {
        for (const text of [JSON.stringify(object), `${gap}${spaced(object, gap)}${gap}`]) {
          const { bytes, spans } = spansOf(text);
          const whole = new Map(Object.entries(JSON.parse(text)));
          assert.deepEqual(new Set(spans.keys()), new Set(whole.keys()));
          for (const [key, span] of spans) assert.deepEqual(JSON.parse(cut(bytes, span)), whole.get(key));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are empty for arrays and plain values, which only `any` lets through', () => {
    for (const text of ['[1,{"a":2}]', ' "x" ', '-1', 'true', '{}']) {
      const scan = scanJson(bytesOf(text), { ...LIMITS, topLevel: 'any' });
      assert.deepEqual(scan.kind === 'scanned' && [...scan.spans], []);
    }
    assert.equal(refusalOf('[1]').code, 'not_object');
  });
});

describe('spans of the items of a list', () => {
  it('cut out each item exactly, whatever it is and whatever space is around it', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), space, space, (items, gap, around) => {
        const texts = items.map((item) => spaced(item, gap));
        const text = `{"first":[1],"list":[${around}${texts.join(`${around},${around}`)}${around}],"last":[2]}`;
        const { bytes, spans } = spansOf(text);
        const list = spans.get('list');
        assert.ok(list !== undefined);
        assert.deepEqual(
          [...itemSpans(bytes, list)].map((span) => span && cut(bytes, span)),
          texts,
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('a list that departs from the grammar between its items', () => {
  it('says so there', () => {
    const faulty = ['[1 2]', '[1,]', '[,1]', '[1,,2]', '[{}x{}]', '[{}{}]', '[1}', '[}', '[{},}'];
    for (const text of faulty) {
      const bytes = bytesOf(text);
      assert.equal([...itemSpans(bytes, { start: 0, end: bytes.length })].at(-1), null, text);
    }
    for (const text of ['[]', '[ ]'])
      assert.deepEqual([...itemSpans(bytesOf(text), { start: 0, end: text.length })], []);
  });
});

describe('a JSON body is refused', () => {
  it('when it is nested deeper than allowed, and not one level earlier', () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    assert.equal(parseJson(bytesOf(nested(32)), LIMITS).kind, 'parsed');
    const refusal = refusalOf(nested(33));
    assert.equal(refusal.code, 'too_deep');
    assert.equal(refusal.offset, 5 + 31);
    assert.equal(refusalOf(`{"a":${'{"b":'.repeat(1_000_000)}`).code, 'too_deep');
    assert.equal(refusalOf('{"brackets":"[[[[[[[[{{{{"}', { maxDepth: 0 }).code, 'too_deep');
    assert.equal(parseJson(bytesOf('{"brackets":"[[[[[[[[{{{{"}'), { maxDepth: 1 }).kind, 'parsed');
  });

  it('when a top-level name stands twice, however it is escaped', () => {
    for (const text of ['{"data":1,"x":2,"data":3}', '{"data":1,"x":2,"\\u0064ata":3}']) {
      const refusal = refusalOf(text);
      assert.deepEqual([refusal.code, refusal.offset, refusal.pointer], ['duplicate_key', 16, '/data']);
    }
    assert.equal(refusalOf('{"a/~b":1,"a/~b":2}').pointer, '/a~1~0b');
    const longName = 'x'.repeat(201);
    assert.equal(refusalOf(`{"${longName}":1,"${longName}":2}`).pointer, undefined);
  });

  it('when it is not UTF-8, naming the first wrong byte', () => {
    const genuine = bytesOf('{"a":"é\ufffd');
    const refusal = refusalOf(Uint8Array.of(...genuine, 0xc0, 0xaf, 0x22, 0x7d));
    assert.deepEqual([refusal.code, refusal.offset], ['invalid_utf8', genuine.length]);
    assert.equal(refusalOf(Uint8Array.of(...genuine, 0xe2, 0x82)).offset, genuine.length);
  });

  it('whatever characters stand before the wrong byte', () => {
    for (const before of ['\ufffd'.repeat(1000), 'é€😀\ufffd\u07ff\u0800\ue000', '😀\ufffd😀']) {
      const bytes = bytesOf(`["${before}`);
      assert.equal(refusalOf(Uint8Array.of(...bytes, 0xff, 0x22, 0x5d)).offset, bytes.length);
    }
  });

  it('counting a byte order mark among the bytes before a wrong one', () => {
    assert.equal(refusalOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0xff)).offset, 4);
  });

  it('when it begins with a byte order mark', () => {
    const refusal = refusalOf('\ufeff{}');
    assert.equal(refusal.code, 'malformed');
    assert.match(refusal.message, /byte order mark/);
  });

  it('with line, column and byte of the fault, and without any of its content', () => {
    const refusal = refusalOf('{\n  "é": "secret",\n  "b": hidden\n}');
    assert.equal(refusal.message, 'The body is not valid JSON: expected a value at line 3, column 8.');
    assert.deepEqual([refusal.code, refusal.offset], ['malformed', bytesOf('{\n  "é": "secret",\n  "b": ').length]);
  });

  it('when it is empty or goes on after its end', () => {
    assert.deepEqual([refusalOf('').code, refusalOf('').message], ['malformed', 'The body is empty.']);
    assert.deepEqual(refusalOf('hello').code, 'malformed');
    assert.deepEqual(scanJson(bytesOf('{} {}'), LIMITS).kind, 'refused');
    assert.deepEqual([refusalOf('{} {}').code, refusalOf('{} {}').offset], ['malformed', 3]);
  });
});

describe('hostile bytes', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u00',
      ' ',
      '1',
      '-',
      'true',
      'nul',
      '"a"',
      '\ufeff',
      'é',
    ),
    { maxLength: 40 },
  );

  it('never throw and are parsed exactly when JSON.parse takes them', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        const result = parseJson(bytesOf(text), { maxDepth: 64, topLevel: 'any' });
        if (result.kind === 'refused' && result.code === 'duplicate_key') return;
        assert.equal(result.kind === 'parsed', accepts(text), text);
      }),
      { numRuns: 300 },
    );
  });

  it('never make a scan throw or point outside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), pieces, (noise, parts) => {
        for (const bytes of [
          noise,
          Uint8Array.of(...bytesOf(parts.join('')), ...noise),
          Uint8Array.of(0x7b, ...noise),
        ]) {
          const scan = scanJson(bytes, LIMITS);
          const offsets = scan.kind === 'refused' ? [scan.offset] : [...scan.spans.values()].map((span) => span.end);
          for (const offset of offsets) assert.ok(offset >= 0 && offset <= bytes.length);
          const parsed = parseJson(bytes, LIMITS);
          if (parsed.kind === 'refused') assert.ok(parsed.offset <= bytes.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  function accepts(text: string): boolean {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  }
});

describe('objects of many members', () => {
  const members = (count: number) => Array.from({ length: count }, (_, n) => `"m${n}":":"`).join(',');

  for (const [where, text] of [
    ['at the top level', (count: number) => `{${members(count)}}`],
    ['in a list of objects', (count: number) => `[${Array.from({ length: count }, () => '{"a":"b:c"}').join(',')}]`],
    ['below a member', (count: number) => `{"a":{${members(count - 1)}}}`],
  ] as const) {
    it(`are refused ${where} beyond the limit, and only then`, () => {
      const limits = { maxDepth: 64, maxMembers: 100, topLevel: 'any' } as const;
      assert.equal(parseJson(bytesOf(text(100)), limits).kind, 'parsed');
      const refused = parseJson(bytesOf(text(101)), limits);
      assert.ok(refused.kind === 'refused' && refused.code === 'too_many_members');
      assert.match(refused.message, /more than 100 members/);
      assert.equal(parseJson(bytesOf(text(101)), { maxDepth: 64, topLevel: 'any' }).kind, 'parsed');
    });
  }
});

describe('lists of many values', () => {
  const list = (item: string, count: number) => `[${Array(count).fill(item).join(',')}]`;

  for (const [where, text] of [
    ['at the top level', (count: number) => list('",["', count)],
    ['below a member', (count: number) => `{"a":1,"b":${list('0', count - 1)}}`],
    ['as members', (count: number) => `{${Array.from({ length: count }, (_, n) => `"m${n}":0`).join(',')}}`],
    ['of lists, which count twice', (count: number) => list('[]', Math.ceil(count / 2))],
  ] as const) {
    it(`are refused ${where} beyond the limit, and only then`, () => {
      const limits = { maxDepth: 64, maxValues: 100, topLevel: 'any' } as const;
      assert.equal(parseJson(bytesOf(text(100)), limits).kind, 'parsed');
      const refused = parseJson(bytesOf(text(102)), limits);
      assert.ok(refused.kind === 'refused' && refused.code === 'too_many_values');
      assert.match(refused.message, /more than 100 values/);
      assert.equal(parseJson(bytesOf(text(102)), { maxDepth: 64, topLevel: 'any' }).kind, 'parsed');
    });
  }
});
