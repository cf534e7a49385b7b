/**
 * Every error the product answers with, in one catalogue. HTTP answers, OpenAPI, the command line and the reference
 * page are made from these rows, and tests check them against each other both ways.
 */

/** Where the documentation lives; the only place that says so. */
const DOCS_URL = 'https://hookyard.dev/docs';

interface Row {
  status: number;
  title: string;
  /** What to do about it, for a person. */
  remedy: string;
  /** The next action an agent should put to its user; the documentation URL is added to it. */
  action: string;
}

const catalogue = {
  unauthorized: {
    status: 401,
    title: 'No valid API key',
    remedy: 'Send `Authorization: Bearer <key>` with a key that is neither revoked nor expired.',
    action: 'Tell the user the API key is missing, unknown, expired or revoked and ask for a valid one.',
  },
  forbidden: {
    status: 403,
    title: 'The API key may not do this',
    remedy: 'Use a key with a role that allows the call.',
    action: 'Tell the user this key has too small a role and ask for a key with the role named in `detail`.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    remedy: 'Check the path and the id; what belongs to another tenant is not found either.',
    action: 'Tell the user no such object or path exists and ask them to check the id.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    remedy: 'Use one of the methods in the `Allow` header.',
    action: 'Tell the user this path does not take that method and name those in the Allow header.',
  },
  not_served_here: {
    status: 421,
    title: 'This process does not serve the call',
    remedy:
      'Send it to a process with the role named in `detail`; `x-node-role` in the OpenAPI document says which call needs which.',
    action:
      'Tell the user the request went to a process without the role in `detail` and the load balancer must be set.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported content type',
    remedy: 'Send `Content-Type: application/json`.',
    action: 'Tell the user to send the request body as application/json.',
  },
  unsupported_encoding: {
    status: 415,
    title: 'Unsupported content encoding',
    remedy: 'Send the body uncompressed, without `Content-Encoding`.',
    action: 'Tell the user to send the request body without compression.',
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    remedy: 'Send less than the limit named in `detail`, or raise it with `--max-body`.',
    action: 'Tell the user the body is over the limit in `detail` and ask them to make it smaller or raise the limit.',
  },
  source_body_too_large: {
    status: 413,
    title: 'Body too large for this source',
    remedy: 'Send less than the limit named in `detail`, or raise `maxBodyBytes` of the source.',
    action: 'Tell the user the source takes no larger bodies and ask them to raise its maxBodyBytes or to send less.',
  },
  malformed_request: {
    status: 400,
    title: 'The request is not valid HTTP',
    remedy:
      'Send HTTP/1.1 as it is defined (RFC 9112), with one `Host` header that names this server and a path that begins with a slash.',
    action: 'Tell the user what is wrong with the bytes of the request, as `detail` says, and to look at their client.',
  },
  invalid_json: {
    status: 400,
    title: 'The body is not valid JSON',
    remedy: 'Send one well-formed UTF-8 JSON object without repeated keys.',
    action: 'Tell the user the body is not valid JSON and show them the place named in `detail`.',
  },
  json_too_deep: {
    status: 400,
    title: 'The JSON is nested too deeply',
    remedy: 'Nest less than the limit named in `detail`.',
    action: 'Tell the user the JSON nests deeper than the limit in `detail` and must be flattened.',
  },
  json_too_many: {
    status: 400,
    title: 'The JSON has too many members or values',
    remedy: 'Send fewer than the limit named in `detail`: fewer events in one batch, or less in one event.',
    action:
      'Tell the user the JSON has more members or values than the limit in `detail` and must be split or made smaller.',
  },
  validation_failed: {
    status: 400,
    title: 'Some fields are not valid',
    remedy: 'Correct the fields that `errors` points at and send it again; it was not stored.',
    action: 'Tell the user which fields in `errors` are wrong and what each message says is allowed.',
  },
  url_refused: {
    status: 400,
    title: 'This URL may not be reached',
    remedy: 'Use a public https URL, or have an administrator allow the address as `errors` shows.',
    action: 'Tell the user the receiver URL is refused for the reason in `errors` and ask for a public https URL.',
  },
  url_unresolved: {
    status: 400,
    title: 'The name in the URL does not resolve',
    remedy: 'Check the spelling and that the name has an A or AAAA record.',
    action: 'Tell the user the host name in the URL does not resolve and ask them to check it.',
  },
  url_unresolved_timeout: {
    status: 400,
    title: 'DNS did not answer in time',
    remedy: 'Try again; if it lasts, look at the resolver of this machine.',
    action: 'Tell the user DNS did not answer in time and that the same request can be tried again.',
  },
  batch_refused: {
    status: 422,
    title: 'The batch was refused whole',
    remedy:
      'Correct the events that `errors` points at and send the batch again, or send it without `atomic`; nothing was stored.',
    action:
      'Tell the user which events in `errors` are wrong; nothing of the batch was stored and it can be sent again.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'This key was used for another request',
    remedy: 'Use a new key, or send exactly the first body again, with an API key of the same role.',
    action:
      'Tell the user this idempotency key or event id was used with another body or by another role, and needs a new value.',
  },
  idempotency_running: {
    status: 409,
    title: 'The first request with this key is still running',
    remedy: 'Wait a moment and send the same request again.',
    action: 'Tell the user the first request with this key is still running and can be repeated shortly.',
  },
  precondition_failed: {
    status: 412,
    title: 'The object has changed meanwhile',
    remedy: 'Read it again, apply the change to what it is now and send its new ETag.',
    action: 'Tell the user the object was changed by somebody else and the change must be made on its new version.',
  },
  subscription_disabled: {
    status: 409,
    title: 'The subscription is disabled',
    remedy: 'Switch it on first: `POST /api/v1/webhook-subscriptions/{id}/enable`.',
    action: 'Tell the user the subscription is disabled and ask whether to enable it first.',
  },
  rotation_refused: {
    status: 409,
    title: 'This secret or URL cannot be replaced',
    remedy: 'Change what `detail` names first; everything was left as it is.',
    action: 'Tell the user why the secret or URL cannot be replaced, as `detail` says, and what to change first.',
  },
  delivery_closed: {
    status: 409,
    title: 'The delivery is closed already',
    remedy: 'A closed delivery cannot be cancelled; redeliver it to send it again.',
    action: 'Tell the user the delivery has ended already and offer to redeliver it.',
  },
  source_unreadable: {
    status: 422,
    title: 'The payload was not understood',
    remedy: 'Send a JSON body of the documented shape; this request was kept as a receipt.',
    action: 'Tell the user the payload lacks what `detail` names and show them the documented shape.',
  },
  receipt_rejected: {
    status: 409,
    title: 'The receipt was rejected',
    remedy: 'See its `diagnosis`, then accept it: `POST /api/v1/receipts/{id}/accept`.',
    action: 'Tell the user this request proved nothing about its sender and must be accepted before it is reprocessed.',
  },
  receipt_duplicate: {
    status: 409,
    title: 'The receipt repeats another one',
    remedy: 'Reprocess the receipt that `detail` names; a repeat has made nothing of its own.',
    action: 'Tell the user this receipt repeats the one in `detail` and offer to reprocess that one.',
  },
  receipt_not_rejected: {
    status: 409,
    title: 'The receipt was not rejected',
    remedy: 'Nothing has to be accepted here; `POST /api/v1/receipts/{id}/reprocess` reads it anew.',
    action: 'Tell the user this request was taken when it came and offer to reprocess it.',
  },
  receipt_in_part: {
    status: 409,
    title: 'Only a part of the body was kept',
    remedy: 'Have the sender send it again once the source is right; a rejected body is kept up to 64 KiB.',
    action: 'Tell the user the body was not kept whole and the sender has to send it again.',
  },
  receipt_unproved: {
    status: 409,
    title: 'The request still proves nothing',
    remedy: 'Correct what `detail` names and try again, or have an admin accept it with `force`.',
    action: 'Tell the user why the request proves nothing, as `detail` says, and how the source or sender must change.',
  },
  source_holding: {
    status: 409,
    title: 'The source holds receipts',
    remedy:
      'Resume it and delete it when they are worked through; `?discardHeld=true` deletes it at once, and nothing can be made of them any more.',
    action: 'Tell the user how many receipts the source holds and ask whether to work them through or to give them up.',
  },
  source_gone: {
    status: 409,
    title: 'The source of the receipt was deleted',
    remedy: 'Make the source anew and have the sender send it again; the receipt stays as it is.',
    action: 'Tell the user the source of this receipt was deleted, so that nothing can be made of it any more.',
  },
  bad_signature: {
    status: 401,
    title: 'The request did not prove who sent it',
    remedy: 'Check the secret and the header it is sent in on the sending side.',
    action: 'Tell the user the webhook signature or token was not accepted and must match the source.',
  },
  secret_unavailable: {
    status: 503,
    title: 'A secret cannot be read',
    remedy: 'Put back what the log names: a sealing key of the keyring, or the secret that a reference leads to.',
    action:
      'Tell the user a sealing key, or a secret that is referred to, is missing and an operator must put it back.',
  },
  overloaded: {
    status: 429,
    title: 'Too much at once',
    remedy: 'Wait as long as `Retry-After` says and send the same request again.',
    action: 'Tell the user the server is overloaded and the request can be repeated after Retry-After.',
  },
  source_rate_limited: {
    status: 429,
    title: 'Too many requests for this source',
    remedy: 'Wait as long as `Retry-After` says and send the same request again, or raise `rateLimit` of the source.',
    action: 'Tell the user the source takes no more requests at once; its rateLimit can be raised if this is expected.',
  },
  store_unavailable: {
    status: 503,
    title: 'The store cannot be used now',
    remedy:
      'Send the same request again after `Retry-After`. It may have been stored all the same: with the same `id` or Idempotency-Key it counts once.',
    action:
      'Tell the user the store is unavailable and to repeat the request after Retry-After with the same id or key.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    remedy: 'Try again; if it lasts, report it with the request id.',
    action: 'Tell the user an internal error happened and to report it with the request id if it lasts.',
  },
} as const satisfies Record<string, Row>;

export type ProblemCode = keyof typeof catalogue;

/** One wrong field: an RFC 6901 pointer into the request body and what is allowed there. */
export interface FieldError {
  pointer: string;
  message: string;
}

/** An expected refusal, as flows return it; `server/respond.ts` alone turns it into HTTP. */
export interface Problem {
  kind: 'problem';
  code: ProblemCode;
  detail?: string;
  errors?: readonly FieldError[];
  retryAfterSeconds?: number;
}

/** Makes a problem value. */
export function problem(code: ProblemCode, more: Omit<Problem, 'kind' | 'code'> = {}): Problem {
  return { kind: 'problem', code, ...more };
}

/** A catalogue row as answered: status, title, remedy, documentation page and the sentence for agents. */
export interface ProblemPage extends Omit<Row, 'action'> {
  code: ProblemCode;
  type: string;
  agentAction: string;
}

/** The row of `code`; `agentAction` is one sentence under 280 characters with a full https documentation URL. */
export function problemPage(code: ProblemCode): ProblemPage {
  const { action, ...row } = catalogue[code];
  const type = `${DOCS_URL}/errors#${code}`;
  return { code, type, agentAction: `${action.slice(0, -1)} (see ${type}).`, ...row };
}

/** All codes, for documents and tests. */
export const problemCodes = Object.keys(catalogue) as readonly ProblemCode[];
