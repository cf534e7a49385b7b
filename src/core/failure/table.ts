/** The rows of `../failure.ts`. */
import type { RetryOn } from '../retry.ts';

/** The group a failure is counted under: `errorClass` of the API, the class label of logs and metrics. */
export type FailureGroup =
  | 'dns'
  | 'blocked'
  | 'connect'
  | 'tls'
  | 'timeout_connect'
  | 'timeout_headers'
  | 'reset'
  | 'protocol'
  | 'http_status'
  | 'redirect'
  | 'cancelled'
  | 'internal';

/**
 * When a failure is tried again: a kind that the policy's `retryOn` lists; `always` and `never` whatever the policy
 * says; `held` when nothing was sent and no try was used.
 */
export type FailureRetry = RetryOn | 'always' | 'never' | 'held';

/** One way to fail, in words. */
export interface FailureRow {
  group: FailureGroup;
  /** `{name}` is filled from the facts; text in `[…]` is left out when one of its facts is absent. */
  sentence: string;
  cause: string;
  remedy: string;
  retry: FailureRetry;
  /** What it reads as without this fact. */
  without?: { fact: string; sentence: string; cause: string; remedy: string };
}

/**
 * What follows on each sentence and each remedy where a try has these facts: more was answered than is kept, the
 * receiver asked for no more of it, or the next try would have come too late.
 */
export const ENDING: Readonly<Record<'sentence' | 'remedy', string>> = {
  sentence:
    '[ Its answer exceeded {limit}; the first part was kept.][ It asked for no more: webhook-delivery: {wish}.][ Given up: the next try would come after the maximum age of {maxAgeSeconds} s.]',
  remedy:
    '[ If `{wish}` was a mistake, redeliver it.][ Redeliver it when the receiver is back, or raise `maxAgeSeconds` above {maxAgeSeconds}.]',
};

const status = (sentence: string, cause: string, remedy: string, retry: FailureRetry): FailureRow => ({
  group: 'http_status',
  sentence,
  cause,
  remedy,
  retry,
});

const rejected = status(
  'The receiver rejected the content ({status}).',
  'Its schema changed, or it expects another content type.',
  'Open the response: it usually names the field.',
  '4xx',
);
const unidentified = status(
  'The receiver did not accept our identity ({status}).',
  'A wrong secret or token, or a clock that is off.',
  'Compare the secret or credential with the one that the receiver expects, and the clocks; rotate it if in doubt.',
  '4xx',
);
const absent = status(
  'The path or the method does not exist there ({status}).',
  'The route moved.',
  'Edit the URL or the method of the subscription.',
  '4xx',
);
const busy = (retry: '408' | '425' | '429'): FailureRow =>
  status(
    'The receiver asks to slow down ({status})[, for {s} s].',
    'More arrives than the receiver takes.',
    'Lower the rate limit of the subscription[; to have this tried again, put `{unlisted}` into `retryOn` of its `retryPolicy`].',
    retry,
  );
const unsent = (retry: FailureRetry, cause: string, remedy: string): FailureRow => ({
  group: 'cancelled',
  sentence: 'Not sent[ again after try {tried}]: {reason}.',
  cause,
  remedy,
  retry,
});
const waiting = (cause: string, remedy: string): FailureRow => ({
  group: 'cancelled',
  sentence: 'Not sent yet: {reason}[ since {since}][; next probe {at}].',
  cause,
  remedy,
  retry: 'held',
});

/** A row for each way in which a try can fail. */
export const FAILURES = {
  dns_not_found: {
    group: 'dns',
    sentence: 'The name[ {host}] does not resolve.',
    cause: 'A typo, or the record was removed.',
    remedy: 'Check the URL[ and look {host} up from this machine].',
    retry: 'network',
  },
  dns_timeout: {
    group: 'dns',
    sentence: 'DNS did not answer[ in {ms} ms].',
    cause: 'Trouble with the resolver on our side.',
    remedy: 'Look at the resolver of this machine.',
    retry: 'network',
  },
  ssrf_blocked: {
    group: 'blocked',
    sentence: 'Refused before connecting: {host}[ → {ip}][, in {range}][ ({rule})].',
    cause: 'A private or reserved address.',
    remedy: 'Use a public URL, or have an administrator add an allow-list entry.',
    retry: 'never',
  },
  connect_refused: {
    group: 'connect',
    sentence: '{endpoint} refused the connection.',
    cause: 'The service is down, or the port is closed.',
    remedy: 'Start the service, or correct the port of the URL.',
    retry: 'network',
  },
  connect_unreachable: {
    group: 'connect',
    sentence: 'There is no route to {endpoint}.',
    cause: 'The host or its network is down, or this machine has no network of that family.',
    remedy: 'Check the address, and the routes of this machine.',
    retry: 'network',
  },
  connect_timeout: {
    group: 'timeout_connect',
    sentence: 'No connection to {endpoint}[ in {ms} ms].',
    cause: 'A firewall drops our address.',
    remedy: 'Allow our address[es {egressIps}] in the firewall of the receiver.',
    retry: 'network',
  },
  tls_untrusted: {
    group: 'tls',
    sentence: 'The certificate[ signed by {issuer}] is refused[: {fault}].',
    cause: 'It, or one of those above it, is too weak, badly made, or not made for what it is used for.',
    remedy: 'Issue it anew: with a key and a digest of today, for servers, by an authority that may sign it.',
    retry: 'network',
    without: {
      fact: 'fault',
      sentence: 'The certificate is not signed by a known authority[ ({issuer})].',
      cause: 'It is self-signed, or an intermediate certificate is missing.',
      remedy: 'Install the full chain; for an internal authority add its certificate rather than switch checks off.',
    },
  },
  tls_expired: {
    group: 'tls',
    sentence: 'The certificate is outside its validity[: {date}].',
    cause: 'It was not renewed, or is not valid yet.',
    remedy: 'Renew the certificate.',
    retry: 'network',
  },
  tls_hostname: {
    group: 'tls',
    sentence: 'The certificate is[ for {names},] not for {host}.',
    cause: 'The receiver shows the certificate of another site.',
    remedy: 'Issue a certificate whose alternative names hold this host.',
    retry: 'network',
  },
  tls_protocol: {
    group: 'tls',
    sentence: 'The TLS handshake failed[: {alert}].',
    cause:
      'Only old TLS versions are offered there, the name is not served, a client certificate is asked for, or the port speaks plain HTTP.',
    remedy: 'Offer TLS 1.2 or newer for this name on this port, and ask for no client certificate.',
    retry: 'network',
  },
  request_timeout: {
    group: 'timeout_headers',
    sentence: 'The body could not be sent[ in {ms} ms].',
    cause: 'The receiver stopped reading.',
    remedy: 'Read the request to its end before working on it.',
    retry: 'network',
  },
  response_timeout: {
    group: 'timeout_headers',
    sentence: 'Connected, but no answer[ in {timeout} ms].',
    cause: 'The handler is slow.',
    remedy: 'Answer 2xx first, work later.',
    retry: 'network',
  },
  redirect_refused: {
    group: 'redirect',
    sentence: '{status}[ to {location}]; redirects are not followed.',
    cause: 'The receiver moved.',
    remedy: 'Put the final URL into the subscription.',
    retry: '3xx',
    without: {
      fact: 'location',
      sentence: 'The receiver answered {status}, which is no success, and names no other URL.',
      cause: 'It answers as if to a browser, or a proxy before it does.',
      remedy: 'Have it answer 2xx when it has taken the event.',
    },
  },
  http_400: rejected,
  http_422: rejected,
  http_401: unidentified,
  http_403: unidentified,
  http_404: absent,
  http_405: absent,
  http_408: busy('408'),
  http_425: busy('425'),
  http_429: busy('429'),
  http_410: status(
    'The receiver says that it is gone (410).',
    'The receiver was taken away on purpose.',
    'If the subscription was switched off by this, enable it again only if it was a mistake.',
    '4xx',
  ),
  http_4xx: status(
    'The receiver answered {status}[ and asks to wait {s} s].',
    'The receiver does not take it.',
    'See the response.',
    '4xx',
  ),
  http_5xx: status(
    'The receiver failed with {status}[ after {ms} ms][ and asks to wait {s} s].',
    'An error of the receiver.',
    'See its logs[ at {time}][ with {idHeader}: {sentId}].',
    '5xx',
  ),
  protocol_error: {
    group: 'protocol',
    sentence: 'Not a valid HTTP answer[: {detail}].',
    cause: 'The port speaks another protocol (TLS where plain HTTP was expected or the reverse), or a proxy answers.',
    remedy: 'Check the scheme and the port of the URL.',
    retry: 'network',
  },
  secret_unavailable: {
    group: 'internal',
    sentence: 'The secret[ {reference}] cannot be read[: {reason}][ (key {keyId})].',
    cause: 'The sealing key is missing, or the variable or file that the subscription refers to.',
    remedy:
      'Put the key back into the keyring file, or the secret into its file below `--secrets`; a variable is read when the process starts: set it and restart.',
    retry: 'always',
  },
  endpoint_disabled: unsent('never', 'The subscription is switched off.', 'Enable it again.'),
  cancelled: {
    ...unsent('never', 'Somebody or something cancelled the delivery.', 'Redeliver it if it is still wanted.'),
    sentence: 'Not sent[ again after try {tried}][ but for try {underWay}, which may have arrived]: {reason}.',
  },
  aborted_shutdown: unsent('always', 'The process stopped.', 'Nothing has to be done: it continues after the restart.'),
  connection_reset: {
    group: 'reset',
    sentence: '{endpoint} closed the connection[ {after}].',
    cause: 'A crash, the limit of a proxy, or a keep-alive race.',
    remedy: 'See the logs of the receiver[ at {time}].',
    retry: 'network',
  },
  circuit_open: waiting('The receiver keeps failing.', 'See why its deliveries fail, or resume it.'),
  held: waiting('The subscription is paused, or an earlier delivery has to go first.', 'Resume the subscription.'),
  expired: {
    group: 'cancelled',
    sentence: 'Given up[ after {age}]: older than its maximum age.',
    cause: 'The receiver did not come back in time.',
    remedy: 'Redeliver it when the receiver is back.',
    retry: 'never',
  },
  poison: {
    group: 'internal',
    sentence: 'Isolated: our process ended again and again while sending it.',
    cause: 'A fault of Hookyard that this event meets.',
    remedy: 'Report it with the event id.',
    retry: 'never',
  },
  internal_error: {
    group: 'internal',
    sentence: 'Not sent by a fault of our own[: {reason}].',
    cause: 'This machine ran out of something, or Hookyard has a bug.',
    remedy: 'Look at the log of Hookyard.',
    retry: 'network',
  },
} as const satisfies Record<string, FailureRow>;
