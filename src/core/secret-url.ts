import { type Grace, goingOn, stillGoing, tooManyRemedy } from './retiring.ts';
import type { SourceConfig } from './source.ts';

/** How many old secret URLs may lead to a source beside its present one. */
const MAX_RETIRING = 4;
const NO_URL = 'This source has no secret URL: its scheme is not "url".';

/** How the old URLs end before their time while the one in use stays. */
const END_OLD = 'end them now with `keepCurrent`';

export type UrlRegenerated =
  | { kind: 'regenerated'; config: SourceConfig }
  /** The source is such that it cannot get another one. */
  | { kind: 'refused'; detail: string };

/**
 * The source with another secret URL. The one it had leads to it for the grace, and earlier ones for the time they
 * have; with a grace of 0 they are all dead (seed 003).
 */
export function regeneratedUrl(config: SourceConfig, key: string, grace: Grace): UrlRegenerated {
  const { urlKey, retiringUrlKeys: earlier } = config;
  if (urlKey === null) return { kind: 'refused', detail: NO_URL };
  const retiringUrlKeys = goingOn([{ key: urlKey }], earlier, grace);
  if (retiringUrlKeys.length <= MAX_RETIRING) {
    return { kind: 'regenerated', config: { ...config, urlKey: key, retiringUrlKeys } };
  }
  const remedy = tooManyRemedy(stillGoing(earlier, grace.nowMs), END_OLD);
  return { kind: 'refused', detail: `At most ${MAX_RETIRING} old URLs lead here beside the new one: ${remedy}` };
}

/** The source with its secret URL and no other: those it replaced answer 404 from now on. */
export function endedOldUrls(config: SourceConfig): UrlRegenerated {
  if (config.urlKey === null) return { kind: 'refused', detail: NO_URL };
  return { kind: 'regenerated', config: { ...config, retiringUrlKeys: [] } };
}

/** Where requests with a key arrive. */
export function secretUrlPath(key: string): string {
  return `/api/webhook/${key}`;
}

/** The version 4 UUID (RFC 9562 §5.4) of 16 random bytes: 122 bits of them are its own. */
export function uuidV4(random: Uint8Array): string {
  const bytes = [...random];
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
