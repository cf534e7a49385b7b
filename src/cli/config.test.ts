import assert from 'node:assert/strict';
import { test } from 'node:test';
import { camelCase, type Origins, readConfiguration } from './config.ts';
import { SETTINGS } from './settings.ts';

const KEY = 'hky_4mJq0sVwZr81LxTtN6bYc2Ue';

function read(origins: Partial<Origins> & { file?: unknown } = {}) {
  const { file, ...rest } = origins;
  const flags = file === undefined ? {} : { config: 'hookyard.json' };
  return readConfiguration({
    flags: { ...flags, ...rest.flags },
    environment: rest.environment ?? {},
    ...(rest.defaults === undefined ? {} : { defaults: rest.defaults }),
    readFile: () => (typeof file === 'string' ? file : JSON.stringify(file)),
  });
}

function good(origins: Parameters<typeof read>[0] = {}) {
  const outcome = read(origins);
  assert.equal(outcome.kind, 'configuration', outcome.kind === 'refused' ? outcome.reason : '');
  return outcome.kind === 'configuration' ? outcome.configuration : assert.fail();
}

function refusal(origins: Parameters<typeof read>[0]): { reason: string; remedy: string } {
  const outcome = read(origins);
  return outcome.kind === 'refused' ? outcome : assert.fail('it was accepted');
}

test('with nothing said an instance listens on loopback only, with every gate closed', () => {
  assert.deepEqual(good(), {
    host: '127.0.0.1',
    port: 4455,
    dataDirectory: './.hookyard',
    allowHttp: false,
    allowHosts: [],
    allowCidrs: [],
  });
});

test('a flag wins over the environment, the environment over the file, the file over the command', () => {
  const file = { port: 1, host: '::1', logLevel: 'error' };
  const environment = { HOOKYARD_PORT: '2', HOOKYARD_HOST: '10.0.0.1' };
  const configuration = good({
    file,
    environment,
    flags: { port: '3' },
    defaults: { logLevel: 'warn', maxBodyBytes: 9 },
  });
  const { host, port, logLevel, maxBodyBytes } = configuration;
  assert.deepEqual([port, host, logLevel, maxBodyBytes], [3, '10.0.0.1', 'error', 9]);
});

test('every setting has its variable, and its key in the file unless it is secret', () => {
  const samples: Record<string, string> = {
    host: '0.0.0.0',
    port: '0',
    data: '/tmp/data',
    'allow-http': '1',
    'allow-hosts': 'hooks.internal:8443',
    'allow-cidrs': '10.0.0.0/8',
    keyring: 'ring.json',
    sealing: 'chacha20-poly1305',
    secrets: '/run/secrets',
    'public-url': 'https://hooks.example.com',
    'trusted-proxies': '10.0.0.1,fd00::/8',
    'egress-ips': '203.0.113.7, 2001:db8::/48',
    'max-body': '2048',
    'log-level': 'debug',
    roles: 'ingest,query',
    migrate: '0',
    'api-key': KEY,
    'database-url': 'postgres://hookyard:my-secret@db.internal/hookyard',
  };
  for (const { name, from } of SETTINGS) {
    const text = samples[name] ?? assert.fail(name);
    const variable = `HOOKYARD_${name.replaceAll('-', '_').toUpperCase()}`;
    assert.notDeepEqual(good({ environment: { [variable]: text } }), good(), variable);
    if (from === 'environment') assert.match(refusal({ file: { [camelCase(name)]: text } }).reason, /unknown key/);
    else assert.deepEqual(good({ file: { [camelCase(name)]: text } }), good({ flags: { [camelCase(name)]: text } }));
  }
});

test('lists and numbers may be written as such in the file', () => {
  const { allowHosts, port, allowHttp } = good({
    file: { allowHosts: ['a.internal', 'b.internal:1'], port: 0, allowHttp: true },
  });
  assert.deepEqual([allowHosts, port, allowHttp], [['a.internal', 'b.internal:1'], 0, true]);
});

test('variables for secrets are handed on, and are no settings', () => {
  const environment = { HOOKYARD_SECRET_ACME: 'hush', HOOKYARD_SECRET_: 'x', HOOKYARD_PORT: '1', SECRET: 'never' };
  const { port, secretVariables } = good({ environment });
  assert.deepEqual([port, secretVariables], [1, { HOOKYARD_SECRET_ACME: 'hush', HOOKYARD_SECRET_: 'x' }]);
  assert.match(refusal({ environment: { HOOKYARD_SECRETS_: 'x' } }).reason, /HOOKYARD_SECRETS_/);
  assert.match(refusal({ file: { secretVariables: {} } }).reason, /unknown key/);
});

test('unknown names are refused, each with what is known', () => {
  const variable = refusal({ environment: { HOOKYARD_PORTS: '1' } });
  assert.match(variable.reason, /HOOKYARD_PORTS/);
  assert.match(variable.remedy, /HOOKYARD_PORT,/);
  const key = refusal({ file: { ports: 1 } });
  assert.match(key.reason, /"ports"/);
  assert.match(key.remedy, /port,/);
  assert.equal(good({ environment: { PATH: '/bin', HOOKY: '1' } }).port, 4455);
});

test('wrong values are refused with the name they were given under', () => {
  const cases: [origins: Parameters<typeof read>[0], reason: RegExp][] = [
    [{ flags: { port: '65536' } }, /^--port is not a whole number/],
    [{ flags: { port: '1e3' } }, /^--port/],
    [{ environment: { HOOKYARD_PORT: '' } }, /^HOOKYARD_PORT/],
    [{ environment: { HOOKYARD_ALLOW_HTTP: 'yes' } }, /neither 1 nor 0/],
    [{ flags: { allowHosts: 'http://a' } }, /^--allow-hosts is refused/],
    [{ flags: { allowCidrs: '10.0.0.1/8' } }, /^--allow-cidrs is refused/],
    [{ flags: { allowHosts: '169.254.169.254' } }, /metadata/],
    [{ flags: { publicUrl: 'https://a/b' } }, /without a path/],
    [{ flags: { publicUrl: 'ftp://a' } }, /without a path/],
    [{ flags: { egressIps: '203.0.113.7,,' } }, /^--egress-ips has "", which is no address/],
    [{ flags: { egressIps: 'hooks.example.com' } }, /^--egress-ips has "hooks/],
    [{ flags: { sealing: 'aes-128-gcm' } }, /^--sealing is not one of aes-256-gcm, chacha20-poly1305/],
    [{ flags: { maxBody: '12' } }, /whole number from 1024/],
    [{ flags: { logLevel: 'loud' } }, /is not one of/],
    [{ flags: { data: '' } }, /is empty/],
    [{ flags: { roles: 'ingest,egress' } }, /^--roles has "egress"/],
    [{ flags: { roles: '' } }, /^--roles lacks a role/],
    [{ flags: { migrate: 'no' } }, /^--migrate is neither 1 nor 0/],
    [{ environment: { HOOKYARD_DATABASE_URL: 'mysql://h/d' } }, /^HOOKYARD_DATABASE_URL does not begin with postgres/],
    [{ file: { port: [1] } }, /wrong type/],
    [{ file: { port: null } }, /wrong type/],
    [{ file: '[]' }, /JSON object/],
    [{ file: '{' }, /not valid JSON/],
  ];
  for (const [origins, reason] of cases) {
    const refused = refusal(origins);
    assert.match(refused.reason, reason);
    assert.ok(refused.remedy.length > 10);
    for (const words of [refused.reason, refused.remedy]) assert.match(words, /[^.]\.$/);
  }
});

test('a file that cannot be read is refused', () => {
  const outcome = readConfiguration({
    flags: {},
    environment: { HOOKYARD_CONFIG: '/nowhere/hookyard.json' },
    readFile: () => {
      throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    },
  });
  assert.equal(outcome.kind, 'refused');
});

test('a short, an example and a malformed API key are refused and not repeated', () => {
  const wrong = [
    '',
    'tiny-one',
    'x'.repeat(23),
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'changeme-changeme-changeme-1',
    'hky_your-api-key-goes-here-x7',
    'hky_example4mJq0sVwZr81LxTtN6',
    `${KEY} ${KEY}`,
  ];
  for (const key of wrong) {
    const { reason, remedy } = refusal({ environment: { HOOKYARD_API_KEY: key } });
    assert.match(reason, /^HOOKYARD_API_KEY/);
    if (key !== '') assert.equal(`${reason}${remedy}`.includes(key), false, key);
  }
  assert.equal(good({ environment: { HOOKYARD_API_KEY: KEY } }).apiKey, KEY);
});

test('a wrong database URL is refused without its password', () => {
  const { reason, remedy } = refusal({ environment: { HOOKYARD_DATABASE_URL: 'postgres://me:my-secret@db.internal' } });
  assert.match(reason, /^HOOKYARD_DATABASE_URL names no database/);
  assert.doesNotMatch(reason + remedy, /my-secret|db\.internal/);
});

test('a refused value names its setting once, and says in the same words as --help what goes there', () => {
  const port = refusal({ flags: { port: 'abc' } });
  assert.equal(port.remedy, '--port: port to listen on (default 4455); 0 takes a free one.');
  const hosts = refusal({ environment: { HOOKYARD_ALLOW_HOSTS: 'http://localhost:9000' } });
  assert.match(
    hosts.reason,
    /^HOOKYARD_ALLOW_HOSTS is refused: "http:\/\/localhost:9000" cannot be used: write an exact host/,
  );
  assert.match(refusal({ file: { port: {} } }).remedy, /^"port": port to listen on/);
});

test('what there is besides settings of a start is said too: roles, and whether it migrates', () => {
  const { roles, migrate } = good({ flags: { roles: 'dispatch, ingest' }, environment: { HOOKYARD_MIGRATE: '0' } });
  assert.deepEqual([roles, migrate], [['dispatch', 'ingest'], false]);
});

test('trusted proxies are addresses and networks in their one spelling; nonsense is refused with what to write', () => {
  const environment = { HOOKYARD_TRUSTED_PROXIES: ' 10.0.0.0/8, FD00:0::/8,, 10.0.0.0/8' };
  assert.deepEqual(good({ environment }).trustedProxies, ['10.0.0.0/8', 'fd00::/8']);
  assert.deepEqual(good({ file: { trustedProxies: ['10.0.0.1'] } }).trustedProxies, ['10.0.0.1']);
  for (const text of ['proxy.internal', '10.0.0.0/33', '10.0.0.1/8', '*']) {
    const { reason, remedy } = refusal({ flags: { trustedProxies: `10.0.0.0/8,${text}` } });
    assert.ok(reason.includes(`"${text}" cannot be used`), reason);
    assert.match(`${reason} ${remedy}`, /[Ww]rite .*10\.0\.0\.0\/8/);
  }
});
