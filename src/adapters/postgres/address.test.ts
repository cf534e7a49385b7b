import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from './address.ts';

test('of a database URL only its host and database are shown', () => {
  const cases: readonly (readonly [url: string, shown: string])[] = [
    ['postgres://hookyard:my-secret@db.internal:6432/hooks', 'db.internal/hooks'],
    ['postgresql://db.internal/hooks?sslmode=verify-full', 'db.internal/hooks'],
    ['postgres://hookyard@/hooks?host=/run/postgresql', '/run/postgresql/hooks'],
    ['postgres://hookyard@localhost:5432/hooks?host=%2Frun%2Fpostgresql', '/run/postgresql/hooks'],
    ['postgres://hookyard@/hooks?host=/run/postgresql&port=6432', '/run/postgresql/hooks'],
    ['postgres:///hooks', 'localhost/hooks'],
    ['postgres://[::1]:5432/my%20hooks', '[::1]/my hooks'],
  ];
  for (const [url, shown] of cases) assert.deepEqual(addressOf(url), { kind: 'address', shown });
});

test('what cannot be the URL of a database is refused without repeating it', () => {
  const cases: readonly (readonly [url: string, why: RegExp])[] = [
    ['', /postgres:\/\//],
    ['mysql://u:my-secret@h/d', /postgres:\/\//],
    ['host=h password=my-secret', /postgres:\/\//],
    ['postgres://u:my-secret@h', /names no database/],
    ['postgres://u:my-secret@h/', /names no database/],
    ['postgres://u:my-secret/with-slash@h/d', /percent-encoded|names no database/],
    ['postgres://u:my-secret@h:port/d', /not a URL/],
    ['postgres://u:my-secret@h/d?port=abc', /names a port that is none/],
    ['postgres://u:my-secret@h/d?port=65536', /names a port that is none/],
    ['postgres://u:my-secret@h/d?port=0', /names a port that is none/],
    ['postgres://u:my-secret@h/d?port=5432&port=5433x', /names a port that is none/],
    ['postgres://u:my-secret@h/%ff', /names no database/],
    ['postgres://u:s3cr@my-secret/pa@h/d', /more than one @; a password in it has to be percent-encoded/],
    ['postgres://u:12#my-secret@h/d', /has a #.*percent-encoded/],
    ['postgres://u:12/my-secret@h/d', /percent-encoded/],
    ['postgres://u:my-secret@h/d?sslmod=verify-full', /a parameter that is none of .*sslmode/],
    ['postgres://u:my-secret@h/d?sslmode=bogus', /an sslmode that is none of .*verify-full/],
  ];
  for (const [url, why] of cases) {
    const outcome = addressOf(url);
    assert.ok(outcome.kind === 'wrong', url);
    assert.match(outcome.why, why);
    assert.doesNotMatch(outcome.why, /my-secret/);
  }
});
