import assert from 'node:assert/strict';
import test from 'node:test';
import { ecrRegistry } from './ecr-registry.ts';

const ACCOUNT = '210987654321';

test('a registry is called by account, region and the domain of the partition', () => {
  for (const [region, domain] of [
    ['eu-central-1', 'amazonaws.com'],
    ['us-gov-west-1', 'amazonaws.com'],
    ['ap-southeast-11', 'amazonaws.com'],
    ['cn-northwest-1', 'amazonaws.com.cn'],
    ['eusc-de-east-1', 'amazonaws.eu'],
    ['us-iso-east-1', 'c2s.ic.gov'],
    ['us-isob-east-1', 'sc2s.sgov.gov'],
    ['us-isof-south-1', 'csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'cloud.adc-e.uk'],
  ] as const) {
    assert.equal(ecrRegistry(ACCOUNT, region), `${ACCOUNT}.dkr.ecr.${region}.${domain}`);
  }
});

test('what is no account or no region makes no host', () => {
  for (const account of ['', '21098765432', '2109876543210', 'evil.example/']) {
    assert.equal(ecrRegistry(account, 'eu-central-1'), null, account);
  }
  for (const region of ['', 'eu', 'eu-central', 'EU-CENTRAL-1', 'eu-central-1.evil.example', 'eu--central-1']) {
    assert.equal(ecrRegistry(ACCOUNT, region), null, region);
  }
});
