/**
 * Owner paths: whose event or subscription it is, as `kind:id` segments joined by `/`, e.g. `org:7/repo:42`.
 * Segments are compared whole, so `org:7` never matches `org:70` (seed 004).
 */

const SEGMENT = /^[a-z][a-z0-9_-]{0,31}:[A-Za-z0-9._~@-]{1,64}$/;
const MAX_SEGMENTS = 8;

/** True when `path` is a well-formed owner path of 1 to 8 `kind:id` segments. */
export function isOwnerPath(path: string): boolean {
  const segments = path.split('/');
  return segments.length <= MAX_SEGMENTS && segments.every((segment) => SEGMENT.test(segment));
}

/**
 * Whether a subscription owned by `subscriber` receives what happens at `place`.
 * `null` subscriber = the whole tenant. The subscriber's segments must stand next to each other anywhere in the
 * place: `org:7` receives `org:7/repo:42`, and so does `repo:42`.
 */
export function receives(subscriber: string | null, place: string | null): boolean {
  if (subscriber === null) return true;
  return place !== null && `/${place}/`.includes(`/${subscriber}/`);
}
