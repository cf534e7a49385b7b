/** Where a database is, as its URL says: what may be shown of it, and whether it can be one. */

export type DatabaseAddress =
  /** `shown` names host and database, and never a user or a password. */
  { kind: 'address'; shown: string } | { kind: 'wrong'; why: string };

/** What a URL may say besides; anything else would be a setting that has no effect, such as a TLS mode misspelt. */
const PARAMETERS: ReadonlySet<string> = new Set([
  ...['host', 'port', 'user', 'password', 'application_name', 'options'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
]);
const SSL_MODES: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const ENCODED = 'a password in it has to be percent-encoded';

/**
 * Checks a URL of the form `postgres://user:password@host:port/database`; `?host=/directory` names a socket.
 * `why` never repeats it.
 */
export function addressOf(url: string): DatabaseAddress {
  if (!/^postgres(ql)?:\/\//.test(url)) return wrong('does not begin with postgres://');
  // All that a password left as it is would end at: what stands behind would be taken for a host, and shown.
  if (url.includes('#') || url.split('@').length > 2) return wrong(`has a # or more than one @; ${ENCODED}`);
  // The standard refuses a user without a host, which is how a socket's URL is commonly written.
  const parsed = URL.parse(url.replace('@/', '@localhost/'));
  if (parsed === null) return wrong(`is not a URL; ${ENCODED}`);
  const database = decoded(parsed.pathname.slice(1));
  if (database === null || database === '' || database.includes('/')) return wrong(`names no database; ${ENCODED}`);
  const host = decoded(parsed.searchParams.get('host') ?? parsed.hostname);
  if (host === null) return wrong('names a host that is not percent-encoded');
  if (!parsed.searchParams.getAll('port').every(isPort)) return wrong('names a port that is none');
  if ([...parsed.searchParams.keys()].some((name) => !PARAMETERS.has(name))) {
    return wrong(`has a parameter that is none of ${[...PARAMETERS].join(', ')}`);
  }
  if (!parsed.searchParams.getAll('sslmode').every((mode) => SSL_MODES.includes(mode))) {
    return wrong(`has an sslmode that is none of ${SSL_MODES.join(', ')}`);
  }
  return { kind: 'address', shown: `${host === '' ? 'localhost' : host}/${database}` };
}

/** An empty one counts as not given. */
function isPort(text: string): boolean {
  return text === '' || (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536);
}

function wrong(why: string): DatabaseAddress {
  return { kind: 'wrong', why };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
