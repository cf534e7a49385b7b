import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  COVERS,
  MAX_TOLERANCE_SECONDS,
  PRESET_NAMES,
  presetScheme,
  presetSettings,
  proofHeaders,
  resolveScheme,
  type SchemeInput,
  SETTINGS,
  schemeInput,
  schemeName,
} from './schemes.ts';

test('every preset resolves to its own defaults when nothing else is said', () => {
  for (const type of PRESET_NAMES) {
    assert.deepEqual(resolveScheme({ type }), { kind: 'scheme', scheme: presetScheme(type) });
  }
});

test('hmac-sha256 means X-Hub-Signature-256, sha256= and hex', () => {
  assert.deepEqual(presetScheme('hmac-sha256'), {
    type: 'hmac',
    hash: 'sha256',
    encoding: 'hex',
    header: 'X-Hub-Signature-256',
    prefix: 'sha256=',
    covers: 'body',
  });
});

test('header, prefix and encoding of an HMAC can be chosen, the prefix also as none', () => {
  const choice = resolveScheme({ type: 'hmac-sha1', header: 'X-Sig', prefix: '', encoding: 'base64' });
  assert.deepEqual(choice, {
    kind: 'scheme',
    scheme: { type: 'hmac', hash: 'sha1', encoding: 'base64', header: 'X-Sig', prefix: '', covers: 'body' },
  });
});

test('a token can stand in another header', () => {
  assert.deepEqual(resolveScheme({ type: 'token', header: 'X-Gitlab-Token' }), {
    kind: 'scheme',
    scheme: { type: 'token', header: 'X-Gitlab-Token' },
  });
});

test('a wrong setting is refused with its pointer, never ignored', () => {
  const cases: [Parameters<typeof resolveScheme>[0], string, string][] = [
    [{ type: 'md5' }, '/type', 'unknown_type'],
    [{ type: 'constructor' }, '/type', 'unknown_type'],
    [{ type: 'token', prefix: 'Bearer ' }, '/prefix', 'not_applicable'],
    [{ type: 'url', header: 'X' }, '/header', 'not_applicable'],
    [{ type: 'github', encoding: 'base64' }, '/encoding', 'not_applicable'],
    [{ type: 'hmac-sha256', header: 'X Sig' }, '/header', 'malformed'],
    [{ type: 'hmac-sha256', header: '' }, '/header', 'malformed'],
    [{ type: 'hmac-sha256', prefix: 'a\n' }, '/prefix', 'malformed'],
    [{ type: 'hmac-sha256', encoding: 'base64url' }, '/encoding', 'malformed'],
    [{ type: 'standard-webhooks', header: 'X-Sig' }, '/header', 'malformed'],
    [{ type: 'basic', header: 'X-Auth' }, '/header', 'not_applicable'],
    [{ type: 'slack', covers: 'body' }, '/covers', 'not_applicable'],
    [{ type: 'circleci', toleranceSeconds: 60 }, '/toleranceSeconds', 'not_applicable'],
    [{ type: 'hmac-sha256', covers: 'headers' }, '/covers', 'malformed'],
    [{ type: 'hmac-sha256', timestampHeader: 'X-Time' }, '/timestampHeader', 'not_applicable'],
    [{ type: 'hmac-sha256', toleranceSeconds: 60 }, '/toleranceSeconds', 'not_applicable'],
    [{ type: 'hmac-sha256', covers: 'timestamp.body' }, '/timestampHeader', 'required'],
    [{ type: 'hmac-sha256', covers: 'timestamp.body', idHeader: 'X-Id' }, '/idHeader', 'not_applicable'],
    [{ type: 'hmac-sha256', covers: 'id.timestamp.body', timestampHeader: 'X-Time' }, '/idHeader', 'required'],
    [{ type: 'stripe', toleranceSeconds: 0 }, '/toleranceSeconds', 'malformed'],
    [{ type: 'stripe', toleranceSeconds: 1.5 }, '/toleranceSeconds', 'malformed'],
    [{ type: 'stripe', toleranceSeconds: MAX_TOLERANCE_SECONDS + 1 }, '/toleranceSeconds', 'malformed'],
  ];
  for (const [input, pointer, reason] of cases) {
    assert.deepEqual(resolveScheme(input), { kind: 'refused', pointer, reason }, JSON.stringify(input));
  }
});

test('a signature may cover more than the body, by headers that the settings name', () => {
  const input = { type: 'hmac-sha256', covers: 'id.timestamp.body', timestampHeader: 'X-Time', idHeader: 'X-Id' };
  const choice = resolveScheme(input);
  assert.ok(choice.kind === 'scheme');
  assert.deepEqual(proofHeaders(choice.scheme), ['X-Id', 'X-Time', 'X-Hub-Signature-256']);
  assert.deepEqual(schemeInput(choice.scheme), {
    ...input,
    header: 'X-Hub-Signature-256',
    prefix: 'sha256=',
    encoding: 'hex',
    toleranceSeconds: 300,
  });
});

const VALUES = {
  header: fc.constantFrom('X-Own', 'x-own-signature', 'svix-signature', 'X Own'),
  prefix: fc.constantFrom('', 'v1=', 'sha256=', 'é'),
  encoding: fc.constantFrom('hex', 'base64', 'base32'),
  covers: fc.constantFrom(...COVERS, 'all'),
  timestampHeader: fc.constantFrom('X-Time', ''),
  idHeader: fc.constantFrom('X-Id', ''),
  toleranceSeconds: fc.constantFrom(0, 1, 300, 3600, 3601),
} as const satisfies Record<(typeof SETTINGS)[number], fc.Arbitrary<unknown>>;

test('whatever settings are given, each is refused or has its effect, and what is shown gives the same scheme back', () => {
  const input = fc
    .constantFrom(...PRESET_NAMES)
    .chain((type) => fc.tuple(fc.constant(type), fc.subarray([...presetSettings(type)])))
    .chain(([type, settings]) => {
      const values = Object.fromEntries(settings.map((setting) => [setting, VALUES[setting]]));
      return fc.record<SchemeInput>({ type: fc.constant(type), ...values });
    });
  let resolved = 0;
  fc.assert(
    fc.property(input, (given: SchemeInput) => {
      const choice = resolveScheme(given);
      if (choice.kind === 'refused') return;
      resolved++;
      const shown = schemeInput(choice.scheme);
      assert.deepEqual(resolveScheme(shown), choice);
      for (const setting of SETTINGS) {
        // The body alone is what is covered where nothing is said.
        const value = given[setting] === 'body' ? undefined : given[setting];
        if (value !== undefined)
          assert.ok(JSON.stringify(choice.scheme).includes(`:${JSON.stringify(value)}`), setting);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(resolved > 30, `${resolved}`);
});

test('every preset is shown under its own name, but for those that are another one', () => {
  for (const name of PRESET_NAMES) {
    assert.equal(schemeInput(presetScheme(name)).type, name === 'github' ? 'hmac-sha256' : name);
  }
});

test('a scheme that an earlier version stored is shown as it was', () => {
  assert.deepEqual(
    schemeInput({ covers: 'body', type: 'hmac', hash: 'sha1', encoding: 'base64', header: 'X-Sig', prefix: '' }),
    { type: 'hmac-sha1', header: 'X-Sig', prefix: '', encoding: 'base64' },
  );
});

test('a verdict names the preset of a sender, also with settings of its own', () => {
  for (const name of PRESET_NAMES) {
    assert.equal(schemeName(presetScheme(name)), name === 'github' ? 'hmac-sha256' : name);
  }
  for (const input of [
    { type: 'stripe', header: 'X-Pay', toleranceSeconds: 60 },
    { type: 'gitea', header: 'X-Gogs-Signature' },
    { type: 'slack', toleranceSeconds: 60 },
    { type: 'hmac-sha256', header: 'circleci-signature', prefix: 'v1=' },
    { type: 'hmac-sha512', covers: 'timestamp.body', timestampHeader: 'X-Time' },
  ]) {
    const choice = resolveScheme(input);
    assert.equal(choice.kind === 'scheme' && schemeName(choice.scheme), input.type);
  }
});

test('a verdict names the hash of an HMAC', () => {
  assert.equal(schemeName(presetScheme('hmac-sha1')), 'hmac-sha1');
  assert.equal(schemeName(presetScheme('github')), 'hmac-sha256');
  assert.equal(schemeName(presetScheme('url')), 'url');
});
