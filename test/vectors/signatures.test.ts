import assert from 'node:assert/strict';
import test from 'node:test';
import { createMac } from '../../src/adapters/mac.ts';
import { type BodySignature, type ProfileName, profiles } from '../../src/core/profile.ts';
import { headerValues } from '../../src/core/signature/headers.ts';
import { verify } from '../../src/core/signature/judge.ts';
import { resolveScheme, type Scheme, type SchemeInput } from '../../src/core/signature/schemes.ts';
import { hexSignature, signatureKey, standardSignature } from '../../src/core/signature/sign.ts';
import { sharedJson } from '../support/shared.ts';

interface Vector {
  id: string;
  scheme: string;
  valid: boolean;
  headers: Record<string, string>;
  secret?: string | string[];
  secrets?: { secret: string; expiresAt?: string }[];
  body?: string | null;
  rawBody?: string;
  body_b64?: string;
  header?: string;
  mode?: string;
  contentType?: string;
  username?: string;
  now?: number | string;
  contested?: boolean;
  inScope?: boolean;
}

const mac = createMac();
const BARE = { prefix: '' };

/** How a source would be set up for the vectors of a scheme. */
const SETUPS: Readonly<Record<string, (vector: Vector) => SchemeInput>> = {
  'standard-webhooks': ({ headers }) => ({
    type: 'standard-webhooks',
    header: 'svix-id' in headers ? 'svix-signature' : undefined,
  }),
  'github-sha256': () => ({ type: 'github' }),
  'github-hmac-sha256': () => ({ type: 'github' }),
  'github-sha1': () => ({ type: 'hmac-sha1' }),
  'generic-hmac-sha256': () => ({ type: 'hmac-sha256', header: 'X-Signature' }),
  'generic-hmac-sha1': () => ({ type: 'hmac-sha1', header: 'X-Signature' }),
  'raw-hmac-sha256': () => ({ type: 'hmac-sha256', header: 'signature', ...BARE }),
  'raw-hmac-sha1': () => ({ type: 'hmac-sha1', header: 'signature', ...BARE }),
  'hmac-sha256-base64': ({ header }) => ({ type: 'hmac-sha256', header, encoding: 'base64', ...BARE }),
  shopify: () => ({ type: 'hmac-sha256', header: 'X-Shopify-Hmac-Sha256', encoding: 'base64', ...BARE }),
  twitter: () => ({ type: 'hmac-sha256', header: 'X-Twitter-Webhooks-Signature', encoding: 'base64' }),
  bitbucket: () => ({ type: 'hmac-sha256', header: 'X-Hub-Signature' }),
  'bitbucket-x-hub-signature-sha256': () => ({ type: 'hmac-sha256', header: 'X-Hub-Signature' }),
  gitea: () => ({ type: 'gitea' }),
  'gitea-hmac-sha256-bare-hex': () => ({ type: 'gitea' }),
  gogs: () => ({ type: 'gitea', header: 'X-Gogs-Signature' }),
  'nexus-hmac-sha1-bare-hex': () => ({ type: 'hmac-sha1', header: 'X-Nexus-Webhook-Signature', ...BARE }),
  artifactory: ({ mode }) =>
    mode === 'token'
      ? { type: 'token', header: 'X-JFrog-Event-Auth' }
      : { type: 'hmac-sha256', header: 'X-JFrog-Event-Auth', ...BARE },
  'gitlab-token': () => ({ type: 'token', header: 'X-Gitlab-Token' }),
  stripe: () => ({ type: 'stripe' }),
  'stripe-v1': () => ({ type: 'stripe' }),
  'slack-v0': () => ({ type: 'slack' }),
  'circleci-v1': () => ({ type: 'circleci' }),
  'buildkite-ts-hmac': () => ({ type: 'buildkite' }),
  // The algorithm is the source's to choose, never the sender's.
  'generic-prefixed-hmac': () => ({ type: 'hmac-sha512' }),
  'generic-hmac-sha512': () => ({ type: 'hmac-sha512' }),
  basic: () => ({ type: 'basic' }),
  'static-header': ({ header }) => ({ type: 'token', header }),
  stella: () => ({ type: 'hmac-sha256', header: 'X-Stella-Signature', ...BARE }),
  instanode: () => ({ type: 'hmac-sha256', header: 'X-InstaNode-Signature' }),
};

/** Schemes with keys of the sender's that come with the CI systems and clouds that use them. */
const LATER = ['oidc', 'travis-rsa-sha1', 'http-signatures-hmac-sha256'];

/** The profiles of the seeds that the vectors have; receivers of `foreman` compare the text of the hex. */
const OUTBOUND = ['stella', 'instanode', 'foreman'] as const satisfies readonly ProfileName[];

function outboundOf({ scheme }: Vector): BodySignature | null {
  const name = OUTBOUND.find((known) => known === scheme);
  return name === undefined ? null : profiles[name].bodySignature;
}

function readVectors(name: string): Vector[] {
  const files = sharedJson('vectors', (file) => file === name);
  return files.flatMap(({ json }) => (Array.isArray(json) ? json : (json as { vectors: Vector[] }).vectors));
}

function schemeOf(vector: Vector): Scheme | null {
  const setup = SETUPS[vector.scheme];
  if (setup === undefined) return null;
  const choice = resolveScheme(setup(vector));
  assert.ok(choice.kind === 'scheme', JSON.stringify(choice));
  return choice.scheme;
}

function bodyOf({ body, rawBody, body_b64 }: Vector): Uint8Array {
  return body_b64 === undefined ? Buffer.from(body ?? rawBody ?? '') : Buffer.from(body_b64, 'base64');
}

function nowMsOf({ now = 0 }: Vector): number {
  return typeof now === 'number' ? now * 1000 : Date.parse(now);
}

/** Expired secrets are the caller's to leave out. */
function secretsOf(vector: Vector): string[] {
  const live = vector.secrets?.filter(({ expiresAt }) => !expiresAt || Date.parse(expiresAt) > nowMsOf(vector));
  const secrets = live?.map(({ secret }) => secret) ?? [vector.secret ?? []].flat();
  return vector.username === undefined ? secrets : secrets.map((password) => `${vector.username}:${password}`);
}

function judged(scheme: Scheme, vector: Vector) {
  const { contentType } = vector;
  const type = contentType === undefined ? [] : ['content-type', contentType];
  const headers = headerValues([...type, ...Object.entries(vector.headers).flat()]);
  return verify(scheme, { headers, body: bodyOf(vector), secretUrl: false }, secretsOf(vector), mac, nowMsOf(vector));
}

function headerOf(vector: Vector, name: string): string {
  return headerValues(Object.entries(vector.headers).flat())(name)[0] ?? '';
}

for (const file of ['signatures.json', 'inbound-signatures.json']) {
  test(`every known answer of ${file} is judged right`, (t) => {
    const vectors = readVectors(file).filter(({ inScope = true }) => inScope);
    const wrong: string[] = [];
    const later = vectors.filter(({ scheme }) => LATER.includes(scheme));
    const judgedHere = vectors.filter((vector) => !LATER.includes(vector.scheme) && outboundOf(vector) === null);
    for (const vector of judgedHere) {
      const scheme = schemeOf(vector) ?? assert.fail(`nothing judges ${vector.id}, ${vector.scheme}`);
      const verdict = judged(scheme, vector);
      if (verdict.ok === vector.valid) continue;
      const told = `${vector.id} ${vector.scheme}: ${verdict.reason ?? 'verified'}, not ${vector.valid}`;
      if (vector.contested) t.diagnostic(`contested: ${told}`);
      else wrong.push(told);
    }
    t.diagnostic(`${judgedHere.length} judged; ${later.length} are of schemes to come`);
    assert.deepEqual(wrong, []);
  });
}

test('our signer writes what the profiles of the seeds send, and nothing that is not valid there', (t) => {
  const vectors = readVectors('signatures.json').filter((vector) => outboundOf(vector) !== null);
  for (const vector of vectors) {
    const { header, prefix } = outboundOf(vector) ?? assert.fail(vector.scheme);
    const key = signatureKey(secretsOf(vector)[0] ?? '', 'plain');
    const signature = hexSignature(key, bodyOf(vector), mac.hmac, prefix);
    assert.equal(signature === headerOf(vector, header), vector.valid, vector.id);
  }
  t.diagnostic(`${vectors.length} compared`);
});

test('our signer reproduces every valid Standard Webhooks signature', (t) => {
  const vectors = readVectors('signatures.json').filter(
    ({ scheme, valid, contested }) => scheme === 'standard-webhooks' && valid && contested !== true,
  );
  for (const vector of vectors) {
    const listed = headerOf(vector, 'webhook-signature').split(' ');
    const seconds = Number(headerOf(vector, 'webhook-timestamp'));
    const ours = secretsOf(vector).map((secret) =>
      standardSignature(
        signatureKey(secret, 'standard'),
        headerOf(vector, 'webhook-id'),
        seconds,
        bodyOf(vector),
        mac.hmac,
      ),
    );
    assert.ok(
      ours.some((signature) => listed.includes(signature)),
      vector.id,
    );
  }
  t.diagnostic(`${vectors.length} reproduced`);
});
