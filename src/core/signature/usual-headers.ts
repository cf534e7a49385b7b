/** Where senders put what they prove themselves with, whichever scheme a source has. */

/** Headers that hold the secret itself. */
export const TOKENS = [
  'X-Gitlab-Token',
  'X-Buildkite-Token',
  'X-Webhook-Token',
  'X-Auth-Token',
  'X-Api-Key',
  'Authorization',
  'Proxy-Authorization',
] as const;

/** Headers that senders put the same thing into; each group is looked through for one that is missing. */
export const GROUPS: readonly (readonly string[])[] = [
  ['webhook-id', 'svix-id', 'X-GitHub-Delivery', 'X-Gitea-Delivery', 'X-Request-Id'],
  ['webhook-timestamp', 'svix-timestamp', 'X-Slack-Request-Timestamp', 'X-Webhook-Timestamp', 'X-Timestamp'],
  [
    'X-Hub-Signature-256',
    'X-Hub-Signature',
    'X-Gitea-Signature',
    'X-Forgejo-Signature',
    'X-Gogs-Signature',
    'webhook-signature',
    'svix-signature',
    'Stripe-Signature',
    'X-Slack-Signature',
    'circleci-signature',
    'X-Buildkite-Signature',
    'X-JFrog-Event-Auth',
    'X-Nexus-Webhook-Signature',
    'X-Shopify-Hmac-Sha256',
    'X-Signature-256',
    'X-Signature',
    'X-Webhook-Signature',
    'Signature',
    ...TOKENS,
  ],
];

const ALL: ReadonlySet<string> = new Set(GROUPS.flat().map((name) => name.toLowerCase()));

/** Whether a sender may prove itself by a header, in any case: what the doctor can name in place of a missing one. */
export function isUsualHeader(name: string): boolean {
  return ALL.has(name.toLowerCase());
}
