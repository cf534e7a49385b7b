import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSecretReference } from './secret-reference.ts';

describe('a reference to a secret', () => {
  test('names a variable that the operator set aside, or a path below the directory of secrets', () => {
    const name = 'HOOKYARD_SECRET_CHAT_1';
    assert.deepEqual(parseSecretReference(`env:${name}`), { kind: 'env', name });
    for (const path of ['chat', 'team/chat.key', '/run/secrets/chat', 'a..b', 'c:d']) {
      assert.deepEqual(parseSecretReference(`file:${path}`), { kind: 'file', path });
    }
  });

  const refused: readonly [string, RegExp][] = [
    ['env:CHAT', /: call it HOOKYARD_SECRET_CHAT, and write env:HOOKYARD_SECRET_CHAT\.$/],
    ['env:HOOKYARD_API_KEY', /begin with HOOKYARD_SECRET_/],
    ['env:HOOKYARD_SECRET_', /begin with HOOKYARD_SECRET_/],
    ['env:HOOKYARD_SECRET_A B', /begin with HOOKYARD_SECRET_ can be referred to\.$/],
    [`env:HOOKYARD_SECRET_${'A'.repeat(201)}`, /begin with HOOKYARD_SECRET_/],
    ['env:', /begin with HOOKYARD_SECRET_/],
    ['file:', /path below/],
    ['file: ', /path below/],
    ['file:../keyring.json', /path below/],
    ['file:a/../../b', /path below/],
    ['file:a\\..\\b', /path below/],
    ['file:a\0b', /path below/],
    [`file:${'a'.repeat(1025)}`, /path below/],
    ['vault:secret/data/chat', /vault are not supported/],
    ['HOOKYARD_SECRET_A', /^env:/],
    ['ENV:HOOKYARD_SECRET_A', /^env:/],
    ['', /^env:/],
  ];
  for (const [text, message] of refused) {
    test(`is refused: ${JSON.stringify(text.slice(0, 40))}`, () => {
      const parsed = parseSecretReference(text);
      assert.ok(parsed.kind === 'refused');
      assert.match(parsed.message, message);
    });
  }
});
