import { bracketed, type Endpoint } from './policy.ts';
import type { AddressRange } from './ranges.ts';

/** The named rules of the gate. */
export type RefusalRule =
  | 'malformed'
  | 'too_long'
  | 'scheme'
  | 'userinfo'
  | 'port'
  | 'name_length'
  | 'localhost_name'
  | 'metadata_name'
  | 'single_label'
  | 'own_name'
  | 'special_address'
  | 'own_address'
  | 'empty_answer'
  | 'bad_answer';

/** Why a URL is not a place to send to. Holds no user info, path or query of the URL. */
export interface Refusal {
  rule: RefusalRule;
  /** One sentence, the same at create, test and delivery. */
  message: string;
  /** What to do about it, with the allow-list entry an admin would add. */
  remedy: string;
  /** The normalised host, where the URL had one that may be shown. */
  host?: string;
  /** The address that was refused, in its one spelling. */
  address?: string;
  /** Network, name and document of the range, e.g. `10.0.0.0/8, Private-Use, RFC 1918`. */
  range?: string;
}

/** The most characters a URL may have. */
export const MAX_URL_CHARACTERS = 2048;

const CAUSES: Readonly<Record<RefusalRule, string>> = {
  malformed: 'A URL that cannot be read.',
  too_long: 'A URL that is too long.',
  scheme: 'A URL that is not https.',
  userinfo: 'Credentials inside the URL.',
  port: 'A port of another protocol.',
  name_length: 'A host name that DNS cannot hold.',
  localhost_name: 'A name of this machine.',
  metadata_name: 'A name of a cloud metadata service.',
  single_label: 'A host name without a domain.',
  own_name: 'The URL of this instance itself.',
  special_address: 'A private or reserved address.',
  own_address: 'An address of this machine.',
  empty_answer: 'A name without addresses.',
  bad_answer: 'DNS answers with something that is no address.',
};

/** What usually leads to a refusal by a rule, in a few words; undefined for the name of none. */
export function causeOfRule(rule: string | undefined): string | undefined {
  return rule !== undefined && Object.hasOwn(CAUSES, rule) ? CAUSES[rule as RefusalRule] : undefined;
}

type UrlRule = 'malformed' | 'too_long' | 'userinfo' | 'name_length';

const URL_SENTENCES: Readonly<Record<UrlRule, readonly [what: string, remedy: string]>> = {
  malformed: ['the URL is not a valid one with a host name or an IP address', 'Check the URL for typing errors.'],
  too_long: [`the URL is longer than ${MAX_URL_CHARACTERS} characters`, 'Use a shorter URL.'],
  userinfo: [
    'the URL carries a user name or password',
    'Take them out of the URL and set `authType: "basic"` with these credentials.',
  ],
  name_length: [
    'the host name has a label over 63 characters or is over 253 characters',
    'Check the host name; DNS cannot hold one this long (RFC 1035).',
  ],
};

/** The URL itself cannot be used. Shows none of its text. */
export function refusedUrl(rule: UrlRule): Refusal {
  const [what, remedy] = URL_SENTENCES[rule];
  return { rule, message: sentence(what, rule), remedy };
}

/** Any scheme but https and http. Not shown: `user:secret@host` parses as scheme `user`. */
export function refusedScheme(): Refusal {
  return {
    rule: 'scheme',
    message: sentence('the URL is not an https URL', 'scheme'),
    remedy: 'Use a URL that begins with https://.',
  };
}

type HostRule = 'http' | 'port' | 'localhost_name' | 'metadata_name' | 'single_label' | 'own_name' | AnswerRule;
type AnswerRule = 'empty_answer' | 'bad_answer';

interface HostSentence {
  rule: RefusalRule;
  what: (endpoint: Endpoint) => string;
  remedy: (endpoint: Endpoint) => string;
}

const HOST_SENTENCES: Readonly<Record<HostRule, HostSentence>> = {
  http: {
    rule: 'scheme',
    what: ({ host }) => `the URL for ${host} is not an https URL`,
    remedy: (endpoint) =>
      `Use https, or ${adminAdds(allowHost(endpoint))} (or \`--allow-http\` for every public host).`,
  },
  port: {
    rule: 'port',
    what: ({ host, port }) => `port ${port} of ${host} belongs to a protocol that is not HTTP`,
    remedy: () => 'Serve the receiver on another port, such as 443 or 8443.',
  },
  localhost_name: {
    rule: 'localhost_name',
    what: ({ host }) => `${host} names this machine`,
    remedy: (endpoint) => `Use a public host name, or ${adminAdds(allowHost(endpoint))}.`,
  },
  metadata_name: {
    rule: 'metadata_name',
    what: ({ host }) => `${host} names a cloud metadata service`,
    remedy: () => 'Use a public host name; no allow-list opens metadata services.',
  },
  single_label: {
    rule: 'single_label',
    what: ({ host }) => `${host} has no domain`,
    remedy: (endpoint) => `Use the full host name, or ${adminAdds(allowHost(endpoint))}.`,
  },
  own_name: {
    rule: 'own_name',
    what: ({ host }) => `${host} is this instance itself`,
    remedy: (endpoint) => `Use the URL of the receiver, or ${adminAdds(allowHost(endpoint))}.`,
  },
  empty_answer: {
    rule: 'empty_answer',
    what: ({ host }) => `${host} has no addresses`,
    remedy: ({ host }) => `Add an A or AAAA record for ${host}.`,
  },
  bad_answer: {
    rule: 'bad_answer',
    what: ({ host }) => `DNS answered for ${host} with something that is not an IP address`,
    remedy: ({ host }) => `Correct the A and AAAA records of ${host}.`,
  },
};

/** The host, its port or its DNS answer breaks a rule. `http` is the refusal of plain http, of rule `scheme`. */
export function refusedHost(kind: HostRule, endpoint: Endpoint): Refusal {
  const { rule, what, remedy } = HOST_SENTENCES[kind];
  return { rule, message: sentence(what(endpoint), rule), remedy: remedy(endpoint), host: endpoint.host };
}

/** An address lies in a special-purpose range. `networkOfOne` is the address with its full prefix. */
export function refusedAddress(
  endpoint: Endpoint | null,
  address: string,
  range: AddressRange,
  networkOfOne: string,
): Refusal {
  const cidr = range.cidr.includes(' ') ? networkOfOne : range.cidr;
  const remedy = range.never
    ? 'Use a public URL; no allow-list opens metadata or link-local addresses.'
    : remedyForAddress(endpoint, cidr);
  return addressRefusal('special_address', endpoint, address, `${range.cidr}, ${range.name}, ${range.rfc}`, remedy);
}

/** The address belongs to an interface of this machine. */
export function refusedOwnAddress(endpoint: Endpoint | null, address: string, networkOfOne: string): Refusal {
  const remedy = remedyForAddress(endpoint, networkOfOne);
  return addressRefusal('own_address', endpoint, address, 'the addresses of this machine', remedy);
}

function addressRefusal(
  rule: 'special_address' | 'own_address',
  endpoint: Endpoint | null,
  address: string,
  range: string,
  remedy: string,
): Refusal {
  const host = endpoint?.host ?? address;
  const way = host === address ? address : `${host} → ${address}`;
  return { rule, message: sentence(`${way}, in ${range}`, rule), remedy, host, address, range };
}

function remedyForAddress(endpoint: Endpoint | null, cidr: string): string {
  const entry = `--allow-cidrs ${cidr}`;
  const either = endpoint === null ? adminAdds(entry) : `${adminAdds(allowHost(endpoint))} or \`${entry}\``;
  return `Use a public URL, or ${either}.`;
}

function allowHost({ host, port }: Endpoint): string {
  return `--allow-hosts ${bracketed(host)}:${port}`;
}

function adminAdds(entry: string): string {
  return `ask an admin to start Hookyard with \`${entry}\``;
}

function sentence(what: string, rule: RefusalRule): string {
  return `Refused before connecting: ${what} (${rule}).`;
}
