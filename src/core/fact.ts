/** What payloads say, whoever sent them: one shape for each kind of thing that happens at registries, forges and CI. */

/** Who caused a push; only `user` and `ci` deploy by default. */
export type Origin = 'user' | 'ci' | 'replication' | 'proxy-cache' | 'remote-cache' | 'scanner';

/** What every fact but a ping has. */
interface Happened {
  /** When the sender says it happened; null = it did not say, or said something impossible. */
  timeMs: number | null;
  /** Where `timeMs` came from: `received` when it is null, else a word for the field and its format. */
  timeSource: string;
  /** The account that caused it, as the sender names it. */
  actor: string | null;
}

/** A push, deletion or announcement of an image or chart. */
export interface ImageFact extends Happened {
  kind: 'image.push' | 'image.delete' | 'image.available' | 'chart.push';
  /** `host[:port]`, `docker.io` for the Hub; null when the payload does not say and the source has none set. */
  registry: string | null;
  /** Lower-case OCI path. */
  repository: string;
  /** Never a digest, never empty. */
  tag: string | null;
  /** `sha256:` and 64 lower-case hex digits, or null. */
  digest: string | null;
  origin: Origin;
  /** What the sender says it is about, where it says so beside the image (CloudEvents). */
  subject?: string;
}

/** A branch or tag that moved, came or went. Repositories of forges keep their case. */
export interface GitFact extends Happened {
  kind: 'git.push' | 'git.tag' | 'git.delete';
  repository: string;
  /** The full name: `refs/heads/…` or `refs/tags/…`. */
  ref: string;
  /** Where it points now: a commit of 40 or 64 hex digits; null when it is gone. */
  sha: string | null;
  /** Where it pointed before; null when it is new. */
  before: string | null;
  /** The tag without `refs/tags/`; null for a branch. */
  tag: string | null;
  created: boolean;
  forced: boolean;
}

/** A pull or merge request. */
export interface ChangeRequestFact extends Happened {
  kind: 'change_request';
  repository: string;
  number: number;
  /** In the sender's words, lower case. */
  action: string | null;
  merged: boolean;
  /** The branch it goes to. */
  ref: string | null;
  sha: string | null;
}

/** A release of a forge. */
export interface ReleaseFact extends Happened {
  kind: 'git.release';
  repository: string;
  tag: string | null;
  action: string | null;
  draft: boolean;
  prerelease: boolean;
  sha: string | null;
}

/** How a run or a deployment stands. */
export type RunStatus = 'pending' | 'running' | 'success' | 'failed' | 'cancelled' | 'skipped';

/** States that nothing follows. */
export const TERMINAL_STATES: ReadonlySet<RunStatus> = new Set(['success', 'failed', 'cancelled', 'skipped']);

/** One run of a pipeline or workflow. */
export interface RunFact extends Happened {
  kind: 'ci.run';
  repository: string;
  status: RunStatus;
  name: string | null;
  runId: string | null;
  ref: string | null;
  sha: string | null;
  tag: string | null;
  pullRequest: number | null;
}

/** What another system says of a deployment. */
export interface DeploymentFact extends Happened {
  kind: 'deployment.status';
  repository: string;
  status: RunStatus;
  environment: string | null;
  ref: string | null;
  sha: string | null;
}

/** A connection test of the sender; makes no event. */
export interface PingFact {
  kind: 'ping';
  /** What the hook was set up on, where the sender says. */
  repository: string | null;
}

/** What one payload says. */
export type Fact = ImageFact | GitFact | ChangeRequestFact | ReleaseFact | RunFact | DeploymentFact | PingFact;

type FieldOf<F> = F extends unknown ? keyof F : never;

/** The fields of all kinds of facts by the names that filters know them by: `timeMs` is their `time`. */
export const FACT_FIELDS: Readonly<Record<Exclude<FieldOf<Fact>, 'timeMs'> | 'time', true>> = {
  kind: true,
  registry: true,
  repository: true,
  tag: true,
  digest: true,
  origin: true,
  subject: true,
  ref: true,
  sha: true,
  before: true,
  created: true,
  forced: true,
  number: true,
  action: true,
  merged: true,
  draft: true,
  prerelease: true,
  status: true,
  name: true,
  runId: true,
  pullRequest: true,
  environment: true,
  time: true,
  timeSource: true,
  actor: true,
};

/** Field of a fact → JSON pointer (RFC 6901) into the payload it came from; `header:` and a name for a header. */
export type Provenance = Readonly<Record<string, string>>;

/** A fact with the pointers its fields came from. */
export interface ReadFact {
  fact: Fact;
  provenance: Provenance;
}
