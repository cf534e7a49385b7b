/** The JSON inside an inbound body, in the ways that its sender may wrap it. */
import { INBOUND_LIMITS } from './inbound-limits.ts';
import { type Parsed, parseJson } from './json.ts';
import { formPayload, isFormType } from './signature/form-payload.ts';
import type { SourceType } from './source.ts';

/** Types whose senders offer forms beside JSON: the JSON stands in the field `payload` then. */
const MAY_POST_FORMS: ReadonlySet<SourceType> = new Set<SourceType>([
  'ghcr',
  'gitea-package',
  'registry-push',
  'github',
  'github-app',
  'generic',
]);

/** Types whose senders may put an event into headers alone (CloudEvents, HTTP binding 1.0 §3.1). */
const MAY_POST_ATTRIBUTES: ReadonlySet<SourceType> = new Set<SourceType>([
  'registry-push',
  'cloudevents',
  'cdevents',
  'zot',
  'harbor',
]);

const [OPEN_ARRAY, OPEN_OBJECT] = [0x5b, 0x7b];

/**
 * Parses a verified body.
 * @param headers names in lower case
 */
export function inboundJson(type: SourceType, headers: Readonly<Record<string, string>>, body: Uint8Array): Parsed {
  if (body.length === 0 && MAY_POST_ATTRIBUTES.has(type) && Object.hasOwn(headers, 'ce-specversion')) {
    return { kind: 'parsed', value: null, spans: new Map(), use: { members: 0, values: 0 } };
  }
  return parseJson(isForm(type, headers, body) ? (formPayload(body) ?? body) : body, INBOUND_LIMITS);
}

/** JSON under the content type of a form is JSON all the same: that is what `curl -d` sends. */
function isForm(type: SourceType, headers: Readonly<Record<string, string>>, body: Uint8Array): boolean {
  const contentType = Object.hasOwn(headers, 'content-type') ? (headers['content-type'] ?? '') : '';
  const looksLikeJson = body[0] === OPEN_OBJECT || body[0] === OPEN_ARRAY;
  return MAY_POST_FORMS.has(type) && isFormType(contentType) && !looksLikeJson;
}
