import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import type { AddressPolicy } from '../core/address.ts';
import type { ResolveFailure, Resolver, Vetted } from '../ports.ts';
import { createGate, ownAddresses } from './gate.ts';

const CLOSED: AddressPolicy = { allowHttp: false, allowHosts: [], allowCidrs: [], ownAddresses: [], ownNames: [] };
const OPEN_LOCAL: AddressPolicy = { ...CLOSED, allowHosts: ['localhost:3000', 'hooks.lan', 'app.localhost'] };
const TIMEOUT_MS = 60_000;

type Answers = Readonly<Record<string, readonly string[] | ResolveFailure>>;

/** A resolver that knows `answers` and notes what it was asked. */
function knowing(answers: Answers = {}): Resolver & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async resolve(host) {
      asked.push(host);
      const answer = answers[host] ?? 'not_found';
      return typeof answer === 'string' ? { kind: 'failed', failure: answer } : { kind: 'answers', addresses: answer };
    },
  };
}

function addressesOf(vetted: Vetted): readonly string[] {
  return vetted.kind === 'allowed' ? vetted.target.addresses : assert.fail(JSON.stringify(vetted));
}

function ruleOf(vetted: Vetted): string {
  return vetted.kind === 'refused' ? vetted.refusal.rule : assert.fail(JSON.stringify(vetted));
}

test('a name is looked up without its dot and every answer is judged', async () => {
  const resolver = knowing({
    'good.example.net': ['9.9.9.9', '2620:fe::9'],
    'mixed.example.net': ['9.9.9.9', '10.0.0.1'],
  });
  const gate = createGate({ resolver, policy: CLOSED });
  assert.deepEqual(addressesOf(await gate.vet('https://Good.Example.net./x', TIMEOUT_MS)), ['9.9.9.9', '2620:fe::9']);
  assert.equal(ruleOf(await gate.vet('https://mixed.example.net/x', TIMEOUT_MS)), 'special_address');
  assert.deepEqual(resolver.asked, ['good.example.net', 'mixed.example.net']);
});

test('literals and refused names are never looked up', async () => {
  const resolver = knowing();
  const system = knowing();
  const gate = createGate({ resolver, policy: CLOSED, system });
  assert.deepEqual(addressesOf(await gate.vet('https://0x9.9.9.9/', TIMEOUT_MS)), ['9.9.9.9']);
  assert.equal(ruleOf(await gate.vet('https://127.0.0.1/', TIMEOUT_MS)), 'special_address');
  assert.equal(ruleOf(await gate.vet('https://localhost/', TIMEOUT_MS)), 'localhost_name');
  assert.equal(ruleOf(await gate.vet('https://intranet/', TIMEOUT_MS)), 'single_label');
  assert.equal(ruleOf(await gate.vet('http://good.example.net/', TIMEOUT_MS)), 'scheme');
  assert.deepEqual([...resolver.asked, ...system.asked], []);
});

test('a name without an answer is unresolved, not refused', async () => {
  const gate = createGate({ resolver: knowing({ 'slow.example.net': 'timeout' }), policy: CLOSED });
  const unresolved = { kind: 'unresolved', host: 'gone.example.net', failure: 'not_found' };
  assert.deepEqual(await gate.vet('https://gone.example.net/', TIMEOUT_MS), unresolved);
  const slow = { kind: 'unresolved', host: 'slow.example.net', failure: 'timeout' };
  assert.deepEqual(await gate.vet('https://slow.example.net/', TIMEOUT_MS), slow);
});

test('each vetting asks again, so a name that turns to a private address is refused then', async () => {
  const answers = [['9.9.9.9'], ['127.0.0.1']];
  const resolver: Resolver = { resolve: async () => ({ kind: 'answers', addresses: answers.shift() ?? [] }) };
  const gate = createGate({ resolver, policy: CLOSED });
  assert.deepEqual(addressesOf(await gate.vet('https://rebind.example.net/', TIMEOUT_MS)), ['9.9.9.9']);
  assert.equal(ruleOf(await gate.vet('https://rebind.example.net/', TIMEOUT_MS)), 'special_address');
});

test('vettings of one name at the same time share one lookup', async () => {
  const resolver = knowing({ 'good.example.net': ['9.9.9.9'] });
  const gate = createGate({ resolver, policy: CLOSED });
  const urls = ['https://good.example.net/a', 'https://good.example.net/b', 'https://GOOD.example.net/c'];
  const vetted = await Promise.all(urls.map((url) => gate.vet(url, TIMEOUT_MS)));
  assert.deepEqual(vetted.map(addressesOf), [['9.9.9.9'], ['9.9.9.9'], ['9.9.9.9']]);
  assert.deepEqual(
    vetted.map((each) => each.kind === 'allowed' && each.target.path),
    ['/a', '/b', '/c'],
  );
  assert.deepEqual(resolver.asked, ['good.example.net']);
});

test('an allowed name of this machine is asked of the machine and never of DNS', async () => {
  const resolver = knowing();
  const system = knowing({ localhost: ['127.0.0.1', '::1'], 'app.localhost': ['::1'] });
  const gate = createGate({ resolver, policy: OPEN_LOCAL, system });
  assert.deepEqual(addressesOf(await gate.vet('http://localhost:3000/', TIMEOUT_MS)), ['127.0.0.1', '::1']);
  assert.deepEqual(addressesOf(await gate.vet('https://app.localhost/', TIMEOUT_MS)), ['::1']);
  assert.deepEqual(resolver.asked, []);
});

test('any other allowed name is asked of the machine when DNS has no address for it', async () => {
  const policy = { ...OPEN_LOCAL, allowHosts: ['hooks.lan', 'dns.lan', 'off.lan'] };
  const resolver = knowing({ 'dns.lan': ['10.0.0.1'] });
  const system = knowing({ 'hooks.lan': ['192.168.7.9'], 'dns.lan': ['10.9.9.9'] });
  const gate = createGate({ resolver, policy, system });
  assert.deepEqual(addressesOf(await gate.vet('http://hooks.lan/', TIMEOUT_MS)), ['192.168.7.9']);
  assert.deepEqual(addressesOf(await gate.vet('http://dns.lan/', TIMEOUT_MS)), ['10.0.0.1']);
  const off = { kind: 'unresolved', host: 'off.lan', failure: 'not_found', allowListed: true };
  assert.deepEqual(await gate.vet('http://off.lan/', TIMEOUT_MS), off);
  assert.deepEqual(system.asked, ['hooks.lan', 'off.lan']);
});

test('a hosts file cannot lead an allowed name to metadata', async () => {
  const system = knowing({ localhost: ['127.0.0.1', '169.254.169.254'] });
  const gate = createGate({ resolver: knowing(), policy: OPEN_LOCAL, system });
  assert.equal(ruleOf(await gate.vet('http://localhost:3000/', TIMEOUT_MS)), 'special_address');
});

test('the machine itself knows localhost as a loopback address', async () => {
  const gate = createGate({ resolver: knowing(), policy: OPEN_LOCAL });
  const addresses = addressesOf(await gate.vet('http://localhost:3000/', TIMEOUT_MS));
  assert.ok(addresses.every((address) => address.startsWith('127.') || address === '::1'));
});

test('the machine has addresses, each once and without a zone', () => {
  const addresses = ownAddresses();
  assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'));
  assert.ok(addresses.every((address) => isIP(address) !== 0 && !address.includes('%')));
  assert.equal(new Set(addresses).size, addresses.length);
});
