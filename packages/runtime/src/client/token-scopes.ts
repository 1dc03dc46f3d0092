import { ConfigError } from "../errors.ts";

/** What a public token may be used with: ids, several of them, or (`true`) all. */
export interface TokenResources {
  readonly tasks?: string | readonly string[] | undefined;
  readonly tags?: string | readonly string[] | undefined;
  readonly runs?: string | readonly string[] | true | undefined;
  readonly batch?: string | readonly string[] | undefined;
  readonly waitpoints?: string | readonly string[] | undefined;
  readonly inputStreams?: string | readonly string[] | undefined;
  readonly sessions?: string | readonly string[] | undefined;
}

/** What a public token allows. What is left out is not allowed. */
export interface TokenPermissions {
  readonly read?: TokenResources | undefined;
  readonly write?: TokenResources | undefined;
  readonly trigger?: { readonly tasks: string | readonly string[] } | undefined;
  readonly batchTrigger?: { readonly tasks: string | readonly string[] } | undefined;
}

/**
 * Permissions as the scopes of a token: `read:runs:run_1`.
 * @throws ConfigError for an id that is empty: as a scope it would mean another thing than its author did
 */
export function tokenScopes(permissions: TokenPermissions): string[] {
  const scopes: string[] = [];
  for (const [action, resources] of Object.entries(permissions)) {
    for (const [type, ids] of Object.entries((resources ?? {}) as TokenResources)) {
      if (ids === true) scopes.push(`${action}:${type}`);
      else for (const id of [ids ?? []].flat()) scopes.push(scope(action, type, id));
    }
  }
  return scopes;
}

function scope(action: string, type: string, id: string): string {
  if (typeof id === "string" && id.trim() !== "") return `${action}:${type}:${id}`;
  throw new ConfigError(
    `the scope ${action}.${type} of a public token holds an id that is empty; leave it out`,
  );
}
