import type { FilterRule } from './filter.ts';
import type { Mapping } from './mapping.ts';
import type { RetryInput } from './retry-input.ts';
import { presetScheme, resolveScheme, type Scheme, type SchemeInput } from './signature/schemes.ts';
import type { RateLimit } from './subscription.ts';

/** The five type names of seed 001, as groups of types. */
export type SourceGroup = 'registry-push' | 'github-app' | 'gitlab-webhook' | 'ci-pipeline' | 'generic';

/** Segment of the typed route of each group, `/api/v1/webhooks/{route}/{sourceId}`. */
export const GROUP_ROUTES: Readonly<Record<SourceGroup, string>> = {
  'registry-push': 'registry',
  'github-app': 'github',
  'gitlab-webhook': 'gitlab',
  'ci-pipeline': 'ci',
  generic: 'generic',
};

/**
 * How repeats of one message are told where its signature covers no id. `caller`: only by the key the caller sends ·
 * `header`: by an id in one of these headers · `body`: by an id at one of these paths · `events`: by the ids of all its
 * events, or like · `cloudevent`: by source and id of each CloudEvent · `facts`: by a digest of what the message says.
 * Each but `caller` falls back to `facts`, and that takes the key of a caller who sends one.
 */
export type DedupeRule =
  | { by: 'caller' }
  | { by: 'header'; names: readonly string[]; redeliveryAfterMs: number | null }
  | {
      by: 'body';
      paths: readonly (readonly string[])[];
      /** Where it stands if the body is the data alone. */
      headers: readonly string[];
    }
  | { by: 'events' }
  | { by: 'cloudevent' }
  | { by: 'facts' };

export interface SourceTraits {
  /** A source answers on the routes of its groups; the first is its own. */
  groups: readonly [SourceGroup, ...SourceGroup[]];
  /** Whom it is for, in the sender's own name. */
  sender: string;
  /** The scheme when none is chosen. */
  defaultScheme: Scheme;
  dedupe: DedupeRule;
  /** Whether a `mapping` says where the fields stand. */
  mapping: 'none' | 'optional';
  /** The HTTP methods that its sender pushes with. */
  methods: readonly string[];
}

const url = presetScheme('url');
const authorization = presetScheme('token');
const github = presetScheme('github');
const cloudevent = { by: 'cloudevent' } as const;
const facts = { by: 'facts' } as const;
const headerId = (...names: readonly string[]) => ({ by: 'header', names, redeliveryAfterMs: null }) as const;
/**
 * GitHub's own Redeliver button sends the same id again, and it never sends anything twice by itself. Nobody presses the
 * button sooner than this: what comes sooner was doubled on its way, or is played back.
 */
export const REDELIVERY_AFTER_MS = 30_000;
const githubId = { by: 'header', names: ['x-github-delivery'], redeliveryAfterMs: REDELIVERY_AFTER_MS } as const;
const bodyId = (paths: readonly (readonly string[])[], ...headers: readonly string[]) =>
  ({ by: 'body', paths, headers }) as const;

/** A scheme of the table with settings that it accepts. */
function scheme(input: SchemeInput): Scheme {
  const choice = resolveScheme(input);
  if (choice.kind === 'refused') throw new Error(`no scheme: ${JSON.stringify(input)}`);
  return choice.scheme;
}

type Usual = 'groups' | 'mapping' | 'methods';
type Row = Omit<SourceTraits, Usual> & Partial<Pick<SourceTraits, Usual>>;

const PUSH: readonly [SourceGroup] = ['registry-push'];
const POST: readonly string[] = ['POST'];

function traits({ groups = PUSH, mapping = 'none', methods = POST, ...row }: Row): SourceTraits {
  return { groups, mapping, methods, ...row };
}

const GITHUB = traits({ sender: 'GitHub', groups: ['github-app'], defaultScheme: github, dedupe: githubId });
const GITLAB = traits({
  sender: 'GitLab',
  groups: ['gitlab-webhook'],
  defaultScheme: scheme({ type: 'token', header: 'X-Gitlab-Token' }),
  dedupe: headerId('idempotency-key'),
});

/** What is fixed for each type. Its reader stands in `readers` of `reader.ts`. */
export const SOURCE_TYPES = {
  dockerhub: traits({ sender: 'Docker Hub', defaultScheme: url, dedupe: facts }),
  harbor: traits({ sender: 'Harbor', defaultScheme: authorization, dedupe: cloudevent }),
  ghcr: traits({
    sender: 'GitHub Packages',
    groups: ['registry-push', 'github-app'],
    defaultScheme: github,
    dedupe: githubId,
  }),
  quay: traits({ sender: 'Quay', defaultScheme: url, dedupe: facts }),
  distribution: traits({
    sender: 'Distribution registries (GitLab and others)',
    defaultScheme: authorization,
    dedupe: { by: 'events' },
  }),
  acr: traits({ sender: 'Azure Container Registry', defaultScheme: authorization, dedupe: bodyId([['id']]) }),
  'acr-eventgrid': traits({
    sender: 'Azure Container Registry through Event Grid',
    defaultScheme: url,
    dedupe: { by: 'events' },
  }),
  ecr: traits({ sender: 'Amazon ECR through EventBridge', defaultScheme: authorization, dedupe: bodyId([['id']]) }),
  gar: traits({
    sender: 'Google Artifact Registry through Pub/Sub',
    defaultScheme: url,
    dedupe: bodyId(
      [
        ['message', 'messageId'],
        ['message', 'message_id'],
      ],
      'x-goog-pubsub-message-id',
    ),
  }),
  artifactory: traits({
    sender: 'JFrog Artifactory',
    defaultScheme: scheme({ type: 'hmac-sha256', header: 'X-JFrog-Event-Auth', prefix: '' }),
    dedupe: facts,
  }),
  nexus: traits({
    sender: 'Sonatype Nexus Repository',
    defaultScheme: scheme({ type: 'hmac-sha1', header: 'X-Nexus-Webhook-Signature', prefix: '' }),
    dedupe: headerId('x-nexus-webhook-delivery'),
  }),
  aliyun: traits({ sender: 'Alibaba Cloud Container Registry', defaultScheme: url, dedupe: facts }),
  zot: traits({ sender: 'zot', defaultScheme: authorization, dedupe: cloudevent }),
  'gitea-package': traits({
    sender: 'Gitea and Forgejo packages',
    defaultScheme: presetScheme('gitea'),
    dedupe: headerId('x-gitea-delivery', 'x-forgejo-delivery'),
  }),
  cloudevents: traits({
    sender: 'Any sender of CloudEvents',
    defaultScheme: authorization,
    dedupe: cloudevent,
    mapping: 'optional',
  }),
  cdevents: traits({ sender: 'Any sender of CDEvents', defaultScheme: authorization, dedupe: cloudevent }),
  wud: traits({ sender: "What's up Docker", defaultScheme: url, dedupe: facts }),
  // Its webhook notifier sends the body with GET unless told otherwise.
  diun: traits({ sender: 'Diun', defaultScheme: url, dedupe: facts, methods: ['POST', 'GET'] }),
  native: traits({
    sender: 'Your own pipelines',
    defaultScheme: presetScheme('hmac-sha256'),
    dedupe: { by: 'caller' },
  }),
  'registry-push': traits({
    sender: 'Whichever registry it is, told by the payload',
    defaultScheme: presetScheme('hmac-sha256'),
    dedupe: facts,
  }),
  github: GITHUB,
  'github-app': GITHUB,
  gitlab: GITLAB,
  'gitlab-webhook': GITLAB,
  generic: traits({
    sender: 'Anything else',
    groups: ['generic'],
    defaultScheme: presetScheme('hmac-sha256'),
    dedupe: facts,
    mapping: 'optional',
  }),
} as const satisfies Readonly<Record<string, SourceTraits>>;

/** Which sender a source speaks with; set by a person, never sniffed from a payload unless they say `registry-push`. */
export type SourceType = keyof typeof SOURCE_TYPES;

/** True for the name of a type this version has. */
export function isSourceType(text: string): text is SourceType {
  return Object.hasOwn(SOURCE_TYPES, text);
}

/** Everything about a source that a person sets. Secrets are in clear only inside the process. */
export interface SourceConfig {
  type: SourceType;
  name: string;
  scheme: Scheme;
  /** Live secrets, newest first. Empty for schemes without one. */
  secrets: readonly string[];
  /** The UUID v4 of the secret URL; null when the source has none. */
  urlKey: string | null;
  /** `host[:port]` for payloads that do not say which registry they come from. */
  registry: string | null;
  /** IANA name or offset such as `+02:00`, for times without a zone; null = such times are not believed. */
  timeZone: string | null;
  description: string;
  /** The caller's own reference (seed 001); nothing looks at it. null = none. */
  integrationId: string | null;
  /** On each fact (`$.tag`) or, below `$.body`, on the raw payload: a fact that fails is not acted on. */
  filters: readonly FilterRule[];
  /** Where the fields stand, for types that take a mapping. */
  mapping: Mapping | null;
  /** Addresses and blocks (CIDR) it may come from; empty = anywhere. */
  ipAllowList: readonly string[];
  /** The largest body it takes, in bytes; null = the limit of the instance. */
  maxBodyBytes: number | null;
  /** Proved requests taken in any stretch of `seconds`; more are shed with 429. null = no limit of its own. */
  rateLimit: RateLimit | null;
  /** Where the secret is read from, in place of one stored here: `env:NAME`, `file:PATH`. */
  secretRef: string | null;
  /** How effects are tried again (seed 001). */
  retryPolicy: RetryInput | null;
  /** Secrets that were replaced, newest first: they prove a sender until their time. A few that have ended stay. */
  retiringSecrets: readonly { secret: string; untilMs: number }[];
  /** Keys of secret URLs that were replaced with a grace, newest first. */
  retiringUrlKeys: readonly { key: string; untilMs: number }[];
  /** Since when it accepts and holds; null = it does not. */
  pausedAtMs: number | null;
}

/** Fields that sources written before them lack. */
type Later =
  | ('filters' | 'mapping' | 'ipAllowList' | 'maxBodyBytes' | 'rateLimit' | 'secretRef' | 'retryPolicy')
  | ('retiringSecrets' | 'retiringUrlKeys' | 'pausedAtMs' | 'integrationId');

/** A source as some version of the program stored it. */
export type StoredSource = Omit<SourceConfig, Later> & Partial<Pick<SourceConfig, Later>>;

/** A stored source with what it lacks as if it had been left out when it was made. */
export function completeStoredSource(stored: StoredSource): SourceConfig {
  return {
    ...stored,
    filters: stored.filters ?? [],
    mapping: stored.mapping ?? null,
    ipAllowList: stored.ipAllowList ?? [],
    maxBodyBytes: stored.maxBodyBytes ?? null,
    rateLimit: stored.rateLimit ?? null,
    secretRef: stored.secretRef ?? null,
    retryPolicy: stored.retryPolicy ?? null,
    retiringSecrets: stored.retiringSecrets ?? [],
    retiringUrlKeys: stored.retiringUrlKeys ?? [],
    pausedAtMs: stored.pausedAtMs ?? null,
    integrationId: stored.integrationId ?? null,
  };
}
