import { presetScheme, type Scheme } from './signature/schemes.ts';

/** Which sender a source speaks with; set by a person, never sniffed from a payload. */
export type SourceType = 'dockerhub' | 'harbor' | 'native';

/** The five type names of seed 001, as groups of types. */
export type SourceGroup = 'registry-push';

/**
 * How repeats of one message are told: `caller` only by the key the caller sends, `cloudevent` by source and id of
 * the CloudEvent and otherwise like `facts`, `facts` by a digest of what the message says.
 */
export type DedupeRule = 'caller' | 'cloudevent' | 'facts';

export interface SourceTraits {
  group: SourceGroup;
  /** Segment of the typed route, `/api/v1/webhooks/{route}/{sourceId}`. */
  route: string;
  /** The scheme when none is chosen. */
  defaultScheme: Scheme;
  dedupe: DedupeRule;
}

/** What is fixed for each type. Its reader stands in `readers` of `reader.ts`. */
export const SOURCE_TYPES: Readonly<Record<SourceType, SourceTraits>> = {
  dockerhub: { group: 'registry-push', route: 'registry', defaultScheme: presetScheme('url'), dedupe: 'facts' },
  harbor: { group: 'registry-push', route: 'registry', defaultScheme: presetScheme('token'), dedupe: 'cloudevent' },
  native: { group: 'registry-push', route: 'registry', defaultScheme: presetScheme('hmac-sha256'), dedupe: 'caller' },
};

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
}
