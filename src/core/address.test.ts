import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type AddressPolicy, judgeAnswers, parseTarget, type Refusal, type Target } from './address.ts';

const CLOSED: AddressPolicy = { allowHttp: false, allowHosts: [], allowCidrs: [], ownAddresses: [], ownNames: [] };

function targetOf(url: string, policy: Partial<AddressPolicy> = {}): Target {
  const parsed = parseTarget(url, { ...CLOSED, ...policy });
  return parsed.kind === 'target' ? parsed.target : assert.fail(`${url}: ${parsed.refusal.message}`);
}

function refusalOf(url: string, policy: Partial<AddressPolicy> = {}): Refusal {
  const parsed = parseTarget(url, { ...CLOSED, ...policy });
  return parsed.kind === 'refused' ? parsed.refusal : assert.fail(`${url} was taken`);
}

function judged(
  url: string,
  addresses: readonly string[],
  policy: Partial<AddressPolicy> = {},
): readonly string[] | Refusal {
  const result = judgeAnswers(targetOf(url, policy), addresses, { ...CLOSED, ...policy });
  return result.kind === 'allowed' ? result.target.addresses : result.refusal;
}

function ruleOf(result: readonly string[] | Refusal): string {
  return 'rule' in result ? result.rule : assert.fail(`allowed: ${result.join()}`);
}

describe('a target', () => {
  test('has its host normalised and its fragment gone', () => {
    assert.deepEqual(targetOf('HTTPS://Hooks.Example.NET.:8443/a/../b?c=d#secret'), {
      href: 'https://hooks.example.net:8443/b?c=d',
      protocol: 'https:',
      host: 'hooks.example.net',
      port: 8443,
      hostHeader: 'hooks.example.net:8443',
      literal: false,
      path: '/b?c=d',
      origin: 'https://hooks.example.net:8443',
    });
  });

  test('is a literal for every spelling of an address', () => {
    const spellings = {
      'https://0x08.0x08.010.8/': '8.8.8.8',
      'https://134744072': '8.8.8.8',
      'https://[2620:FE:0::9]:444/': '2620:fe::9',
    };
    for (const [url, host] of Object.entries(spellings)) {
      const target = targetOf(url);
      assert.deepEqual([target.host, target.literal], [host, true]);
    }
    assert.equal(targetOf('https://[2620:fe::9]:444/').hostHeader, '[2620:fe::9]:444');
  });

  test('reads back as the same target', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['https'], withQueryParameters: true, withFragments: true }), (url) => {
        const first = parseTarget(url, CLOSED);
        if (first.kind === 'target') assert.deepEqual(targetOf(first.target.href), first.target);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a URL is refused before any lookup', () => {
  const rules: readonly (readonly [rule: string, urls: readonly string[]])[] = [
    [
      'malformed',
      [
        '',
        'hooks.example.net',
        'https://',
        'https://a..b/',
        'https://ex!ample.net/',
        'https://10.0.0.1../',
        'https://*.example.net',
      ],
    ],
    ['too_long', [`https://example.net/${'x'.repeat(2048)}`]],
    [
      'scheme',
      ['http://example.net/', 'ftp://example.net/', 'file:///etc/passwd', 'javascript:1', 'user:secret@example.net'],
    ],
    ['userinfo', ['https://u@example.net/', 'https://u:p@example.net/', 'https://:p@example.net/']],
    ['port', ['https://example.net:0/', 'https://example.net:25/', 'https://8.8.8.8:6667/']],
    ['name_length', [`https://${'a'.repeat(64)}.net/`, `https://${'abcdefghi.'.repeat(26)}net/`]],
    [
      'localhost_name',
      ['https://localhost/', 'https://LOCALHOST.:9443/', 'https://app.localhost/', 'https://localhost.localdomain/'],
    ],
    [
      'metadata_name',
      ['https://metadata.google.internal/', 'https://metadata/', 'https://instance-data.ec2.internal./'],
    ],
    ['single_label', ['https://intranet/', 'https://notlocalhost/']],
    [
      'special_address',
      ['https://127.1/', 'https://[::1]/', 'https://0/', 'https://[::ffff:10.1.1.1]/', 'https://[64:ff9b::8.8.8.8]/'],
    ],
  ];
  for (const [rule, urls] of rules) {
    test(`by the rule ${rule}`, () => {
      for (const url of urls) assert.equal(refusalOf(url).rule, rule, url);
    });
  }

  test('when it names this instance', () => {
    assert.equal(refusalOf('https://Hooks.Example.net./', { ownNames: ['hooks.example.net'] }).rule, 'own_name');
  });

  test('at 2049 characters, not at 2048', () => {
    const fits = 'https://example.net/'.padEnd(2048, 'x');
    assert.equal(targetOf(fits).path.length, 2048 - 'https://example.net'.length);
    assert.equal(refusalOf(`${fits}x`).rule, 'too_long');
  });

  test('but localhost or an address on the left of a public name is not a reason', () => {
    for (const url of [
      'https://localhost.example.net/',
      'https://127.0.0.1.example.net/',
      'https://my_app.example.net/',
    ])
      targetOf(url);
  });
});

describe('the answers of DNS', () => {
  const url = 'https://hooks.example.net/x';

  test('are kept in order, each once, in one spelling', () => {
    const answers = ['9.9.9.9', '2620:FE:0::9', '::ffff:9.9.9.9', '8.8.8.8'];
    assert.deepEqual(judged(url, answers), ['9.9.9.9', '2620:fe::9', '8.8.8.8']);
  });

  test('are all refused for one bad address, wherever it stands', () => {
    for (const bad of [
      '10.0.0.1',
      '127.0.0.1',
      '169.254.169.254',
      '::1',
      'fe80::1',
      '2002:808:808::1',
      '::ffff:127.0.0.1',
    ]) {
      for (const answers of [[bad], [bad, '9.9.9.9'], ['9.9.9.9', '2620:fe::9', bad]]) {
        assert.equal(ruleOf(judged(url, answers)), 'special_address', answers.join());
      }
    }
  });

  test('are refused when empty, scoped or not addresses', () => {
    assert.equal(ruleOf(judged(url, [])), 'empty_answer');
    for (const bad of ['fe80::1%eth0', '9.9.9.9%1', 'example.org', '127.1', '']) {
      assert.equal(ruleOf(judged(url, ['9.9.9.9', bad])), 'bad_answer', bad);
    }
  });

  test('are refused when they are this machine', () => {
    assert.equal(ruleOf(judged(url, ['9.9.9.9'], { ownAddresses: ['9.9.9.9'] })), 'own_address');
  });
});

describe('an allowed host', () => {
  const policy = {
    allowHosts: ['localhost:3000', 'hooks', '127.0.0.1', '[::1]:3000', 'nat.internal'],
    ownAddresses: ['127.0.0.1', '10.0.0.7'],
  };

  test('may be plain http, have any name and lie at a private address', () => {
    assert.deepEqual(judged('http://localhost:3000/x', ['127.0.0.1', '::1'], policy), ['127.0.0.1', '::1']);
    assert.deepEqual(judged('http://hooks/x', ['10.0.0.7'], policy), ['10.0.0.7']);
    assert.equal(targetOf('http://127.0.0.1:8080/', policy).port, 8080);
    assert.equal(targetOf('http://[::1]:3000/', policy).host, '::1');
  });

  test('is that host at that port and no other', () => {
    assert.equal(refusalOf('https://localhost:3001/', policy).rule, 'localhost_name');
    assert.equal(refusalOf('http://localhost:3001/', policy).rule, 'scheme');
    assert.equal(refusalOf('https://app.localhost:3000/', policy).rule, 'localhost_name');
    assert.equal(refusalOf('https://127.0.0.2/', policy).rule, 'special_address');
    assert.equal(refusalOf('https://hooks:25/', policy).rule, 'port');
  });

  test('never leads to metadata or link-local, not even through a translation', () => {
    for (const never of [
      '169.254.169.254',
      'fe80::1',
      '168.63.129.16',
      '100.100.100.200',
      '::ffff:169.254.1.1',
      '64:ff9b::169.254.169.254',
    ]) {
      assert.equal(ruleOf(judged('http://hooks/', ['10.0.0.7', never], policy)), 'special_address', never);
    }
    assert.equal(refusalOf('https://metadata/', { allowHosts: ['metadata'] }).rule, 'metadata_name');
    assert.equal(refusalOf('http://169.254.169.254/', { allowHosts: ['169.254.169.254'] }).rule, 'special_address');
  });

  test('still needs answers that are addresses', () => {
    assert.equal(ruleOf(judged('http://hooks/', [], policy)), 'empty_answer');
    assert.equal(ruleOf(judged('http://hooks/', ['fe80::1%1'], policy)), 'bad_answer');
  });
});

describe('an allowed network', () => {
  const policy = { allowCidrs: ['10.0.0.0/8', 'fd12::/16', '64:ff9b::/96'], ownAddresses: ['10.0.0.7'] };

  test('opens its addresses, literal or resolved, this machine included', () => {
    assert.deepEqual(judged('https://hooks.example.net/', ['10.1.2.3', 'fd12::5', '::ffff:10.0.0.7'], policy), [
      '10.1.2.3',
      'fd12::5',
      '10.0.0.7',
    ]);
    assert.equal(targetOf('https://10.1.2.3/', policy).literal, true);
  });

  test('opens no scheme, no name and nothing beside it', () => {
    assert.equal(refusalOf('http://10.1.2.3/', policy).rule, 'scheme');
    assert.equal(refusalOf('https://localhost/', policy).rule, 'localhost_name');
    assert.equal(ruleOf(judged('https://hooks.example.net/', ['10.1.2.3', '192.168.0.1'], policy)), 'special_address');
  });

  test('of a NAT64 gateway opens only what may be reached without it', () => {
    assert.deepEqual(judged('https://hooks.example.net/', ['64:ff9b::9.9.9.9', '64:ff9b::10.0.0.1'], policy), [
      '64:ff9b::909:909',
      '64:ff9b::a00:1',
    ]);
    assert.equal(ruleOf(judged('https://hooks.example.net/', ['64:ff9b::192.168.0.1'], policy)), 'special_address');
  });

  test('never opens metadata or link-local, however wide', () => {
    const wide = { allowCidrs: ['0.0.0.0/0', '::/0'] };
    for (const never of [
      '169.254.0.1',
      '168.63.129.16',
      '192.0.0.192',
      'fe80::1',
      'fd00:ec2::254',
      '2002:a9fe:a9fe::1',
    ]) {
      assert.equal(ruleOf(judged('https://hooks.example.net/', [never], wide)), 'special_address', never);
    }
  });
});

test('allowing http everywhere leaves the rules for names and addresses', () => {
  assert.equal(targetOf('http://example.net/', { allowHttp: true }).port, 80);
  assert.equal(refusalOf('http://localhost/', { allowHttp: true }).rule, 'localhost_name');
  assert.equal(refusalOf('http://10.0.0.1/', { allowHttp: true }).rule, 'special_address');
  assert.equal(refusalOf('ftp://example.net/', { allowHttp: true }).rule, 'scheme');
});

describe('a refusal', () => {
  test('says host, address, range and rule, and the entry an admin would add', () => {
    const refusal = judged('https://hooks.example.net:8443/', ['10.0.0.5']);
    assert.deepEqual(refusal, {
      rule: 'special_address',
      message:
        'Refused before connecting: hooks.example.net → 10.0.0.5, in 10.0.0.0/8, Private-Use, RFC 1918 (special_address).',
      remedy:
        'Use a public URL, or ask an admin to start Hookyard with `--allow-hosts hooks.example.net:8443` or `--allow-cidrs 10.0.0.0/8`.',
      host: 'hooks.example.net',
      address: '10.0.0.5',
      range: '10.0.0.0/8, Private-Use, RFC 1918',
    });
  });

  test('proposes the single address where the range is no network', () => {
    assert.match(
      refusalOf('https://[4000::1]/').remedy,
      /--allow-hosts \[4000::1\]:443` or `--allow-cidrs 4000::1\/128`/,
    );
  });

  test('proposes no allow-list where none reaches', () => {
    for (const url of ['https://169.254.169.254/', 'https://metadata.goog/'])
      assert.doesNotMatch(refusalOf(url).remedy, /--allow/);
  });

  test('points from user info to basic authentication', () => {
    assert.match(refusalOf('https://u:p@example.net/').remedy, /authType: "basic"/);
  });

  test('shows nothing of user info, path, query or fragment', () => {
    const urls = [
      'https://canary:canary@10.0.0.1/',
      'canary:canary@example.net',
      'http://10.0.0.1/canary?canary#canary',
      'https://intranet/canary',
      'https://10.0.0.1/?canary',
      'https://canary^/',
    ];
    for (const url of urls) assert.doesNotMatch(JSON.stringify(refusalOf(url)), /canary/, url);
  });
});
