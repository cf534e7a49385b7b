import assert from 'node:assert/strict';
import test from 'node:test';
import { spelledBodies } from './body-spelling.ts';
import { utf8 } from './encoding.ts';

const SENT = '{ "b": [1.0, {}, [ ]],\n"a": "né/🚀 \\" , <x>" }';

function spellings(body: string, code: string): string[] {
  const found = spelledBodies(utf8(body)).filter((spelled) => spelled.code === code);
  return found.map(({ bytes }) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}

/** What the serialisers make of the data that was sent. */
const WRITTEN: Readonly<Record<string, string>> = {
  'JSON.stringify': '{"b":[1,{},[]],"a":"né/🚀 \\" , <x>"}',
  'JSON.stringify with two spaces': '{\n  "b": [\n    1,\n    {},\n    []\n  ],\n  "a": "né/🚀 \\" , <x>"\n}',
  'jq -c': '{"b":[1.0,{},[]],"a":"né/🚀 \\" , <x>"}\n',
  jq: '{\n  "b": [\n    1.0,\n    {},\n    []\n  ],\n  "a": "né/🚀 \\" , <x>"\n}\n',
  'json.tool of Python':
    '{\n    "b": [\n        1.0,\n        {},\n        []\n    ],\n    "a": "né/🚀 \\" , <x>"\n}\n',
  'json.dumps of Python': '{"b": [1.0, {}, []], "a": "n\\u00e9/\\ud83d\\ude80 \\" , <x>"}',
  'json_encode of PHP': '{"b":[1,{},[]],"a":"n\\u00e9\\/\\ud83d\\ude80 \\" , <x>"}',
  'json.dumps of Python with the separators of signers': '{"b":[1.0,{},[]],"a":"n\\u00e9/\\ud83d\\ude80 \\" , <x>"}',
  'json.dumps of Python with sort_keys': '{"a": "n\\u00e9/\\ud83d\\ude80 \\" , <x>", "b": [1.0, {}, []]}',
  'json.dumps of Python with sort_keys and separators': '{"a":"n\\u00e9/\\ud83d\\ude80 \\" , <x>","b":[1.0,{},[]]}',
  'jq -cS': '{"a":"né/🚀 \\" , <x>","b":[1.0,{},[]]}\n',
  'jq -S': '{\n  "a": "né/🚀 \\" , <x>",\n  "b": [\n    1.0,\n    {},\n    []\n  ]\n}\n',
  'json.Marshal of Go of a map': '{"a":"né/🚀 \\" , \\u003cx\\u003e","b":[1,{},[]]}',
  'json.Marshal of Go': '{"b":[1,{},[]],"a":"né/🚀 \\" , \\u003cx\\u003e"}',
};

for (const [serialiser, text] of Object.entries(WRITTEN)) {
  test(`what ${serialiser} writes of a body is among its spellings`, () => {
    assert.ok(spellings(SENT, 'reserialised').includes(text), text);
  });
}

test('escapes are undone beside numbers that JavaScript would change', () => {
  const sent = '{"n": 1.0, "big": 12345678901234567890, "b": "\\u00fc\\/"}';
  const found = spellings(sent, 'reserialised');
  assert.ok(found.includes('{"n":1.0,"big":12345678901234567890,"b":"ü/"}'));
  assert.ok(found.includes('{"n":1.0,"big":12345678901234567890,"b":"\\u00fc\\/"}'));
});

test('names are put in order at every depth, by what they say', () => {
  const sent = '{"b":[{"d":1,"c":2},[]],"a b":{},"a":{"z":{"y":1,"x":2}},"10":0,"9":0,"\\u0041":0}';
  assert.ok(
    spellings(sent, 'reserialised').includes(
      '{"10":0,"9":0,"A":0,"a":{"z":{"x":2,"y":1}},"a b":{},"b":[{"c":2,"d":1},[]]}',
    ),
  );
});

test('no text is tried twice, and a crafted body has no more than forty', () => {
  for (const body of ['{"a":1}', '[]', SENT]) {
    const found = spellings(body, 'reserialised');
    assert.deepEqual([found.length, found.includes(body)], [new Set(found).size, false]);
    assert.ok(found.length <= 40);
  }
});

test('what is no JSON, is too deep or would grow too large has no other serialisation', () => {
  for (const body of ['', '{', 'a=b', `${'['.repeat(40)}${']'.repeat(40)}`]) {
    assert.deepEqual(spellings(body, 'reserialised'), [], body.slice(0, 20));
  }
  const deep = `${'['.repeat(30)}${'1,'.repeat(16_000)}1${']'.repeat(30)}`;
  for (const { bytes } of spelledBodies(utf8(deep))) assert.ok(bytes.length <= 256 * 1024 + 1);
});

test('bytes that are no text have none but the empty one', () => {
  assert.deepEqual(spelledBodies(Uint8Array.of(0xff, 0xfe)), [{ code: 'body_not_signed', bytes: new Uint8Array(0) }]);
});
