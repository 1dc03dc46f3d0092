/** Who a request comes from. Handlers see this and never the key or token itself. */
export type Principal = SecretKeyPrincipal | PublicTokenPrincipal;

/** The holder of a secret key: may do everything in one environment, or read everything there. */
export interface SecretKeyPrincipal {
  readonly kind: "secret-key";
  readonly environment: string;
  readonly readOnly: boolean;
}

/** What names the token of a request that triggers once; undefined for all others. */
export function oneTimeTokenOf(principal: Principal): string | undefined {
  return principal.kind === "public-token" ? principal.oneTimeToken : undefined;
}

/** The holder of a token that a secret key signed: may do what its scopes say, and no more than that key. */
export interface PublicTokenPrincipal {
  readonly kind: "public-token";
  readonly environment: string;
  /** The key that signed it only reads, so the token cannot do more. */
  readonly readOnly: boolean;
  /** As signed: `action[:type[:id]]`; what has another form covers nothing. */
  readonly scopes: readonly string[];
  /** Names a token that triggers once; undefined for one that can be used until it expires. */
  readonly oneTimeToken: string | undefined;
  /** Columns that realtime replies to this token leave out, whatever the query says. */
  readonly skipColumns: readonly string[] | undefined;
}
