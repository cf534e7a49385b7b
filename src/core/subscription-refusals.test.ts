import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { completeSubscription, type SubscriptionInput } from './subscription-input.ts';

function faults(changes: Partial<SubscriptionInput>): string[] {
  const done = completeSubscription({ url: 'https://api.example.com/hooks', ...changes }, () => 'whsec_AAEC');
  return done.kind === 'config' ? [] : done.errors.map(({ pointer }) => pointer);
}

describe('what has no effect or no meaning', () => {
  const rows: readonly [string, Partial<SubscriptionInput>, string[]][] = [
    ['a type that is none', { events: ['ping', 'deploy*'] }, ['/events/1']],
    ['a header in place of its value', { headers: { 'X-Api': '[redacted]' } }, ['/headers/X-Api']],
    ['a token in place of its value', { authType: 'bearer', bearerToken: '[redacted]' }, ['/bearerToken']],
    [
      'a password in place of its value',
      { authType: 'basic', basicUsername: 'a', basicPassword: '[redacted]' },
      ['/basicPassword'],
    ],
    [
      'a credential header in place of its value',
      { authType: 'header', authHeader: { name: 'X-Key', value: '[redacted]' } },
      ['/authHeader/value'],
    ],
    ['a secret in place of its value', { authType: 'signature', signatureSecret: '[redacted]' }, ['/signatureSecret']],
    ['a secret that nobody can load', { profile: 'standard', signatureSecret: 'whsec_!!!' }, ['/signatureSecret']],
    ['a path to nothing', { filters: [{ field: 'owner', operator: 'exists', value: true }] }, ['/filters/0/field']],
    ['an owner that is no path', { owner: 'org' }, ['/owner']],
    ['a filter path', { filters: [{ field: '$..x', operator: 'equals', value: 1 }] }, ['/filters/0/field']],
    ['a filter pattern', { filters: [{ field: 'a', operator: 'matches', value: '(' }] }, ['/filters/0/value']],
    ['the header of the order', { headers: { 'Hookyard-Sequence': '1' } }, ['/headers/Hookyard-Sequence']],
    ['a header of the profile', { headers: { 'X-Stella-Event': 'x' } }, ['/headers/X-Stella-Event']],
    [
      'a second authorization',
      { authType: 'bearer', bearerToken: 't', headers: { Authorization: 'x' } },
      ['/headers/Authorization'],
    ],
    [
      'the credential header set twice',
      { authType: 'header', authHeader: { name: 'X-Key', value: 'x' }, headers: { 'x-key': 'y' } },
      ['/headers/x-key'],
    ],
    [
      'a credential header that frames',
      { authType: 'header', authHeader: { name: 'Host', value: 'x' } },
      ['/authHeader/name'],
    ],
    [
      'a credential header that is none',
      { authType: 'header', authHeader: { name: 'a b', value: 'x' } },
      ['/authHeader/name'],
    ],
    ['a broken credential', { authType: 'header', authHeader: { name: 'x-k', value: 'a\nb' } }, ['/authHeader/value']],
    ['a broken token', { authType: 'bearer', bearerToken: 'a\r\nb' }, ['/bearerToken']],
    ['a user name with a colon', { authType: 'basic', basicUsername: 'a:b', basicPassword: '' }, ['/basicUsername']],
    ['a missing password', { authType: 'basic', basicUsername: 'a' }, ['/basicPassword']],
    ['a credential of another kind', { authType: 'none', bearerToken: 't' }, ['/bearerToken']],
    ['a secret nothing signs with', { authType: 'none', signatureSecret: 's' }, ['/signatureSecret']],
    ['an id without a kind', { ownerId: 7 }, ['/ownerKind']],
    ['a kind without an id', { ownerKind: 'org' }, ['/ownerId']],
    ['an owner told in both ways', { owner: 'org:7', ownerKind: 'org', ownerId: 7 }, ['/owner']],
    ['an id that is none', { ownerKind: 'org', ownerId: '7/repo:1' }, ['/ownerId']],
    ['an envelope that instanode has not', { profile: 'instanode', envelope: 'full' }, ['/envelope']],
    ['an envelope that foreman has not', { profile: 'foreman', envelope: 'full' }, ['/envelope']],
    ['an envelope that forge has not', { ownerKind: 'org', ownerId: 7, envelope: 'full' }, ['/envelope']],
    ['a form for instanode', { profile: 'instanode', contentType: 'form' }, ['/contentType']],
    ['a form for foreman', { profile: 'foreman', contentType: 'form' }, ['/contentType']],
    [
      'a content type beside form',
      { contentType: 'form', headers: { 'Content-Type': 'a/b' } },
      ['/headers/Content-Type'],
    ],
    ['a threshold of the exempt', { profile: 'foreman', autoDisableThreshold: 3 }, ['/autoDisableThreshold']],
    [
      'a header of forge',
      { profile: 'forge', headers: { 'X-Hub-Signature-256': 'x' } },
      ['/headers/X-Hub-Signature-256'],
    ],
    [
      'a header of a rotation',
      { profile: 'foreman', headers: { 'X-Foreman-Signature-Next': 'x' } },
      ['/headers/X-Foreman-Signature-Next'],
    ],
    ['a secret told twice', { signatureSecret: 's', secretRef: 'env:HOOKYARD_SECRET_A' }, ['/secretRef']],
    ['a vault', { secretRef: 'vault:secret/chat' }, ['/secretRef']],
    ['a variable of the process', { authType: 'bearer', credentialRef: 'env:HOME' }, ['/credentialRef']],
    ['a secret that nothing refers to', { authType: 'none', secretRef: 'file:a' }, ['/secretRef']],
    ['a credential to refer to where none is sent', { authType: 'none', credentialRef: 'file:a' }, ['/credentialRef']],
    ['a signing secret as a credential', { authType: 'signature', credentialRef: 'file:a' }, ['/credentialRef']],
    ['a token told twice', { authType: 'bearer', bearerToken: 't', credentialRef: 'file:a' }, ['/bearerToken']],
    [
      'a password told twice',
      { authType: 'basic', basicUsername: 'u', basicPassword: 'p', credentialRef: 'file:a' },
      ['/basicPassword'],
    ],
    [
      'a value told twice',
      { authType: 'header', authHeader: { name: 'x-k', value: 'v' }, credentialRef: 'file:a' },
      ['/authHeader/value'],
    ],
    ['a header without a value', { authType: 'header', authHeader: { name: 'x-k' } }, ['/authHeader/value']],
    ['a value without a header', { authType: 'header', credentialRef: 'file:a' }, ['/authHeader']],
    ['an empty key', { signatureSecret: 'whsec_' }, ['/signatureSecret']],
    ['a schedule without entries', { retryPolicy: { backoffType: 'schedule' } }, ['/retryPolicy/scheduleSeconds']],
    ['an empty schedule', { retryPolicy: { scheduleSeconds: [] } }, ['/retryPolicy/scheduleSeconds']],
    [
      'a schedule beside another type',
      { retryPolicy: { backoffType: 'fixed', scheduleSeconds: [1] } },
      ['/retryPolicy/scheduleSeconds'],
    ],
    [
      'a base delay beside a schedule',
      { retryPolicy: { backoffSeconds: 1, scheduleSeconds: [1] } },
      ['/retryPolicy/backoffSeconds'],
    ],
    [
      'several of these at once',
      { owner: '', events: [''], signatureSecret: 'whsec_' },
      ['/events/0', '/owner', '/signatureSecret'],
    ],
  ];
  for (const [name, input, pointers] of rows) {
    test(`is refused at its place: ${name}`, () => {
      assert.deepEqual(faults(input), pointers);
    });
  }
});
