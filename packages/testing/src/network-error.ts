/** Faults that a connection can have, by the `code` of Node and of its `fetch`; any other text works as well. */
export type NetworkErrorCode =
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "ENOTFOUND"
  | "EAI_AGAIN"
  | "EHOSTUNREACH"
  | "ENETUNREACH"
  | "EPIPE"
  | "ETIMEDOUT"
  | "UND_ERR_CONNECT_TIMEOUT"
  | "UND_ERR_SOCKET"
  | (string & {});

/** The error that Node's `fetch` rejects with: a TypeError "fetch failed" whose `cause` carries the code. */
export function networkError(code: NetworkErrorCode): TypeError {
  const cause = Object.assign(new Error(`${code} (scripted)`), { code });
  return new TypeError("fetch failed", { cause });
}
