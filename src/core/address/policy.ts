/** What the operator of an instance lets the address gate pass, and what the gate must know of its own machine. */
export interface AddressPolicy {
  /** http anywhere; the rules for names and addresses stay. */
  allowHttp: boolean;
  /** `host` or `host:port`, in the form `parseAllowHosts` returns. */
  allowHosts: readonly string[];
  /** In the form `parseAllowCidrs` returns. */
  allowCidrs: readonly string[];
  /** Addresses of the machine's interfaces, in the form `canonicalAddress` returns. */
  ownAddresses: readonly string[];
  /** Public names of this instance, lower case, without a trailing dot. */
  ownNames: readonly string[];
}

/** A host and port as the allow-list writes them. */
export interface Endpoint {
  /** Lower case, without brackets or trailing dot. */
  host: string;
  port: number;
}

/** The host as it stands in a URL or a Host header: IPv6 literals in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Whether `--allow-hosts` names this endpoint, with its port or with none. */
export function isAllowedHost(endpoint: Endpoint, policy: AddressPolicy): boolean {
  const host = bracketed(endpoint.host);
  return policy.allowHosts.includes(host) || policy.allowHosts.includes(`${host}:${endpoint.port}`);
}
