/** How registries of Amazon ECR are called. */

/**
 * Domains of the partitions of AWS by how their regions begin (aws-sdk, partitions.json); all other regions are in
 * `amazonaws.com`.
 */
const DOMAINS: readonly { prefix: string; domain: string }[] = [
  { prefix: 'cn-', domain: 'amazonaws.com.cn' },
  { prefix: 'eusc-', domain: 'amazonaws.eu' },
  { prefix: 'us-iso-', domain: 'c2s.ic.gov' },
  { prefix: 'us-isob-', domain: 'sc2s.sgov.gov' },
  { prefix: 'us-isof-', domain: 'csp.hci.ic.gov' },
  { prefix: 'eu-isoe-', domain: 'cloud.adc-e.uk' },
];
const ACCOUNT = /^[0-9]{12}$/;
const REGION = /^[a-z]{2,8}(?:-[a-z]{1,16}){1,3}-[0-9]{1,2}$/;

/** The host of the registry that an account has in a region, or null when either is none. */
export function ecrRegistry(account: string, region: string): string | null {
  if (!ACCOUNT.test(account) || !REGION.test(region)) return null;
  const domain = DOMAINS.find(({ prefix }) => region.startsWith(prefix))?.domain ?? 'amazonaws.com';
  return `${account}.dkr.ecr.${region}.${domain}`;
}
