import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleFacts } from './sample-facts.ts';
import { presetScheme, type Scheme } from './signature/schemes.ts';
import type { SourceConfig } from './source.ts';
import { completeSource, type SourceInput, type SourceMaker, shownSource } from './source-input.ts';
import { shownFact } from './understanding.ts';

const URL_KEY = '4f2c5d6e-7a8b-4c9d-8e0f-1a2b3c4d5e6f';
const maker: SourceMaker = { secret: (scheme) => `made for ${scheme}`, urlKey: () => URL_KEY };

function config(input: SourceInput): SourceConfig {
  const completed = completeSource(input, maker, 1000);
  assert.ok(completed.kind === 'config', JSON.stringify(completed));
  return completed.config;
}

function faults(input: SourceInput): string[] {
  const completed = completeSource(input, maker, 1000);
  return completed.kind === 'config' ? [] : completed.errors.map(({ pointer }) => pointer);
}

function hmac(hash: 'sha256' | 'sha1', header: string, prefix: string): Scheme {
  return { type: 'hmac', hash, encoding: 'hex', header, prefix, covers: 'body' };
}

describe('a source of which only the type is said', () => {
  test('has the scheme of its type, and what the scheme needs is made', () => {
    const hub = config({ type: 'dockerhub' });
    assert.deepEqual([hub.scheme, hub.secrets, hub.urlKey, hub.name], [{ type: 'url' }, [], URL_KEY, 'dockerhub']);
    const harbor = config({ type: 'harbor' });
    assert.deepEqual([harbor.scheme, harbor.urlKey], [{ type: 'token', header: 'Authorization' }, null]);
    assert.deepEqual(harbor.secrets, ['made for token']);
    assert.deepEqual(config({ type: 'native' }).scheme, hmac('sha256', 'X-Hub-Signature-256', 'sha256='));
  });

  test('shows a secret only when it was made here', () => {
    const shown = (input: SourceInput) => {
      const completed = completeSource(input, maker);
      return completed.kind === 'config' ? completed.generatedSecret : 'invalid';
    };
    assert.equal(shown({ type: 'native' }), 'made for hmac');
    assert.equal(shown({ type: 'native', scheme: { type: 'standard-webhooks' } }), 'made for standard-webhooks');
    assert.equal(shown({ type: 'native', secret: 'mine' }), null);
    assert.equal(shown({ type: 'dockerhub' }), null);
  });
});

describe("seed 001's signatureHeader and signatureAlgorithm", () => {
  const schemes: readonly [Partial<SourceInput>, Scheme][] = [
    [{ signatureHeader: 'X-Signature' }, hmac('sha256', 'X-Signature', '')],
    [{ signatureHeader: 'X-Signature', signatureAlgorithm: 'hmac-sha1' }, hmac('sha1', 'X-Signature', '')],
    [{ signatureHeader: 'X-Hub-Signature-256' }, hmac('sha256', 'X-Hub-Signature-256', 'sha256=')],
    [{ signatureHeader: 'x-hub-signature-256' }, hmac('sha256', 'x-hub-signature-256', 'sha256=')],
    [{ signatureHeader: 'X-Hub-Signature', signatureAlgorithm: 'hmac-sha1' }, hmac('sha1', 'X-Hub-Signature', 'sha1=')],
    [{ signatureAlgorithm: 'hmac-sha1' }, hmac('sha1', 'X-Hub-Signature', 'sha1=')],
    [{ type: 'nexus', signatureHeader: 'X-Mine' }, hmac('sha1', 'X-Mine', '')],
    [{ type: 'artifactory', signatureAlgorithm: 'hmac-sha256' }, hmac('sha256', 'X-JFrog-Event-Auth', '')],
    [{ type: 'dockerhub', signatureAlgorithm: 'hmac-sha256' }, hmac('sha256', 'X-Hub-Signature-256', 'sha256=')],
  ];
  const gitea = presetScheme('gitea') as Extract<Scheme, { type: 'hmac' }>;
  for (const [said, scheme] of [
    [{ signatureHeader: 'X-Gitea-Signature' }, gitea],
    [{ signatureHeader: 'x-gitea-signature' }, { ...gitea, header: 'x-gitea-signature' }],
    [{ signatureHeader: 'X-Mine' }, { ...gitea, header: 'X-Mine' }],
    [{ signatureAlgorithm: 'hmac-sha256' }, gitea],
    [{ signatureAlgorithm: 'hmac-sha1' }, hmac('sha1', 'X-Hub-Signature', 'sha1=')],
  ] as const) {
    test(`${JSON.stringify(said)} takes nothing from the forms that Gitea may send`, () => {
      assert.deepEqual(config({ type: 'gitea-package', ...said }).scheme, scheme);
    });
  }

  for (const [input, scheme] of schemes) {
    test(`${JSON.stringify(input)} is compared as bare hex unless the header is known to carry a prefix`, () => {
      assert.deepEqual(config({ type: 'native', ...input }).scheme, scheme);
    });
  }

  test('name the header of a token where the type is proved by one', () => {
    assert.deepEqual(config({ type: 'harbor', signatureHeader: 'X-Auth' }).scheme, { type: 'token', header: 'X-Auth' });
  });

  test('do not go with a scheme', () => {
    const scheme = { type: 'token' };
    assert.deepEqual(faults({ type: 'native', scheme, signatureHeader: 'X' }), ['/signatureHeader']);
    assert.deepEqual(faults({ type: 'native', scheme, signatureAlgorithm: 'hmac-sha1' }), ['/signatureAlgorithm']);
  });
});

describe('what is wrong with a source', () => {
  const rows: readonly [SourceInput, string[]][] = [
    [{ type: 'hub' }, ['/type']],
    [{ type: '__proto__' }, ['/type']],
    [{ type: 'ci-pipeline' }, ['/type']],
    [{ type: 'native', scheme: { type: 'hmac-sha256', covers: 'timestamp.body' } }, ['/scheme/timestampHeader']],
    [{ type: 'native', scheme: { type: 'slack', toleranceSeconds: 0 } }, ['/scheme/toleranceSeconds']],
    [{ type: 'native', scheme: { type: 'basic' }, secret: 'no-user' }, ['/secret']],
    [{ type: 'native', secret: 's', secretRef: 'env:HOOKYARD_SECRET_A' }, ['/secretRef']],
    [{ type: 'native', secretRef: 'env:HOME' }, ['/secretRef']],
    [{ type: 'native', secretRef: 'file:../x' }, ['/secretRef']],
    [{ type: 'dockerhub', secretRef: 'env:HOOKYARD_SECRET_A' }, ['/secretRef']],
    [{ type: 'native', filters: [{ field: '$[', operator: 'equals', value: 1 }] }, ['/filters/0/field']],
    [{ type: 'native', filters: [{ field: 'tag', operator: 'matches', value: '(' }] }, ['/filters/0/value']],
    [{ type: 'native', filters: [{ field: 'tga', operator: 'equals', value: 'v1' }] }, ['/filters/0/field']],
    [{ type: 'native', filters: [{ field: '$.timeMs', operator: 'gt', value: 1 }] }, ['/filters/0/field']],
    [{ type: 'native', filters: [{ field: '$.tag.name', operator: 'equals', value: 'v1' }] }, ['/filters/0/field']],
    [{ type: 'native', filters: [{ field: '$[0]', operator: 'exists', value: true }] }, ['/filters/0/field']],
    [{ type: 'native', filters: [{ field: '$["a","b"]', operator: 'exists', value: true }] }, ['/filters/0/field']],
    [{ type: 'generic', mapping: { image: '$.images[*]' } }, ['/mapping/image']],
    [{ type: 'cloudevents', mapping: { image: '$.data.image', id: '$.data.id' } }, ['/mapping/id']],
    [{ type: 'generic', mapping: { tag: '$.tag' } }, ['/mapping']],
    [{ type: 'harbor', mapping: { image: '$.image' } }, ['/mapping']],
    [{ type: 'native', ipAllowList: ['10.0.0.0/8', 'host', '10.0.0.1/8'] }, ['/ipAllowList/1', '/ipAllowList/2']],
    [{ type: 'native', retryPolicy: { backoffType: 'schedule' } }, ['/retryPolicy/scheduleSeconds']],
    [{ type: 'native', maxBodyBytes: 1001 }, ['/maxBodyBytes']],
    [{ type: 'native', scheme: { type: 'md5' } }, ['/scheme/type']],
    [{ type: 'native', scheme: { type: 'url', header: 'X' } }, ['/scheme/header']],
    [{ type: 'native', scheme: { type: 'token', header: 'a b' } }, ['/scheme/header']],
    [{ type: 'native', scheme: { type: 'token', header: 'Host' } }, ['/scheme/header']],
    [{ type: 'native', signatureHeader: 'Content-Length' }, ['/signatureHeader']],
    [
      {
        type: 'native',
        scheme: { type: 'hmac-sha256', covers: 'timestamp.body', timestampHeader: 'transfer-encoding' },
      },
      ['/scheme/timestampHeader'],
    ],
    [{ type: 'native', signatureHeader: 'a b' }, ['/signatureHeader']],
    [{ type: 'dockerhub', secret: 's' }, ['/secret']],
    [{ type: 'harbor', secret: '   ' }, ['/secret']],
    [{ type: 'native', secret: '\t\n' }, ['/secret']],
    [{ type: 'native', scheme: { type: 'standard-webhooks' }, secret: 'whsec_' }, ['/secret']],
    [{ type: 'native', scheme: { type: 'standard-webhooks' }, secret: 'whsec_==' }, ['/secret']],
    [{ type: 'harbor', registry: 'https://harbor.example.com' }, ['/registry']],
    [{ type: 'harbor', registry: 'Harbor.example.com' }, ['/registry']],
    [{ type: 'harbor', registry: 'harbor..example.com' }, ['/registry']],
    [{ type: 'harbor', registry: 'harbor.example.com:99999' }, ['/registry']],
    [{ type: 'harbor', registry: 'harbor.example.com:0443' }, ['/registry']],
    [{ type: 'harbor', timeZone: 'Mars/Base' }, ['/timeZone']],
    [{ type: 'harbor', timeZone: '+25:00' }, ['/timeZone']],
    [{ type: 'dockerhub', secret: 's', registry: '', timeZone: '' }, ['/registry', '/timeZone', '/secret']],
  ];
  test('is said of an id or a time that would stand where a credential does, and of no other', () => {
    const covered = (timestampHeader: string, idHeader: string) => {
      const scheme = { type: 'hmac-sha256', covers: 'id.timestamp.body', timestampHeader, idHeader };
      return faults({ type: 'native', scheme });
    };
    for (const name of [
      'Authorization',
      'cookie',
      'X-Gitlab-Token',
      'X-Api-Key',
      'X-Hub-Signature',
      'x-functions-key',
    ]) {
      assert.deepEqual(covered('X-Time', name), ['/scheme/idHeader'], name);
      assert.deepEqual(covered(name, 'X-Id'), ['/scheme/timestampHeader'], name);
    }
    assert.deepEqual(covered('X-Signature-Timestamp', 'Idempotency-Key'), []);
    assert.deepEqual(covered('X-Auth-Time', 'X-Request-Id'), []);
  });

  for (const [input, pointers] of rows) {
    test(`is said at its place: ${JSON.stringify(input)}`, () => {
      assert.deepEqual(faults(input), pointers);
    });
  }

  test('is nothing for hosts and zones as people write them', () => {
    for (const registry of [
      'harbor.example.com',
      'localhost:5000',
      '10.0.0.1:8443',
      '[fd12::7]:5000',
      'harbor',
      null,
    ]) {
      assert.equal(config({ type: 'harbor', registry }).registry, registry);
    }
    // As references have it, so that the two are one registry.
    assert.equal(config({ type: 'native', registry: 'index.docker.io' }).registry, 'docker.io');
    for (const timeZone of ['Europe/Berlin', 'UTC', '+02:00', '-0330', null]) {
      assert.equal(config({ type: 'harbor', timeZone }).timeZone, timeZone);
    }
  });
});

test('filters may ask for every field of a fact as it is shown, and for anything of the payload', () => {
  const shown = sampleFacts.flatMap(({ full }) => Object.keys(shownFact(full)));
  const fields = [...new Set([...shown, 'subject', '$.body', '$.body.any', '$.body[*].tag'])];
  for (const field of fields) {
    assert.deepEqual(faults({ type: 'native', filters: [{ field, operator: 'exists', value: true }] }), [], field);
  }
});

test('everything that may be set is kept, in its one spelling', () => {
  const set: SourceInput = {
    type: 'generic',
    name: 'n',
    description: 'd',
    integrationId: 'registry-7',
    secretRef: 'env:HOOKYARD_SECRET_A',
    filters: [{ field: '$.tag', operator: 'equals', value: 'v1' }],
    mapping: { image: '$.image' },
    maxBodyBytes: 1000,
    rateLimit: { count: 5, seconds: 60 },
    retryPolicy: { maxRetries: 3, backoffType: 'linear', backoffSeconds: 10 },
    registry: 'registry.example.com',
    timeZone: 'UTC',
  };
  const kept = config({ ...set, ipAllowList: ['FD12:0::/32', '10.0.0.7/32'] });
  assert.deepEqual(shownSource(kept), {
    ...set,
    scheme: shownSource(config({ type: 'generic' })).scheme,
    ipAllowList: ['fd12::/32', '10.0.0.7'],
  });
  assert.deepEqual(kept.secrets, []);
});

test('a scheme of the contract that this version lacks is named as one that comes, any other as unknown', () => {
  const words = (scheme: string) => {
    const completed = completeSource({ type: 'native', scheme: { type: scheme } }, maker);
    return completed.kind === 'invalid' ? completed.errors : [];
  };
  for (const scheme of ['jwt-oidc', 'sns', 'travis', 'drone']) {
    const [error, ...more] = words(scheme);
    assert.deepEqual([error?.pointer, more], ['/scheme/type', []]);
    assert.match(error?.message ?? '', /^It comes in a later version\. This one has hmac-sha256, /);
  }
  for (const scheme of ['md5', 'toString']) assert.match(words(scheme)[0]?.message ?? '', /^One of hmac-sha256, /);
});

test('the words for a type tell what there is, and of CI systems that they come later', () => {
  const words = (type: string) => {
    const completed = completeSource({ type }, maker);
    return completed.kind === 'invalid' ? (completed.errors[0]?.message ?? '') : '';
  };
  assert.match(words('ci-pipeline'), /^CI systems have no readers yet\./);
  assert.match(words('hub'), /^This version has the types dockerhub, /);
});
