import { isIPv6 } from "node:net";

/**
 * A host name or address in the form that URLs give it: lower case, international names encoded, IPv6 shortened and
 * without brackets. Undefined for what is none, or has a scheme, a port or a path.
 */
export function hostnameOf(text: string): string | undefined {
  const bare = withoutBrackets(text);
  if (!isIPv6(bare) && !/^[^\s/\\:*?#@[\]%]+$/.test(bare)) return undefined;
  const address = `http://${isIPv6(bare) ? `[${bare}]` : bare}/`;
  return URL.canParse(address) ? withoutBrackets(new URL(address).hostname) : undefined;
}

/** URLs have brackets around an IPv6 address; lists of hosts have not. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
