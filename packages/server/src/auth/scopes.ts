import type { Principal } from "./principal.ts";

/** What a scope allows to do. */
export type ScopeAction = "read" | "write" | "trigger" | "batchTrigger" | "admin";

/** What it allows that with. */
export type ScopeType = "runs" | "tasks" | "tags" | "batch" | "sessions" | "inputStreams";

/** One thing that a route needs; without an id, all of the type. */
export interface Permission {
  readonly action: ScopeAction;
  readonly type: ScopeType;
  readonly id?: string | undefined;
}

/** Older tokens carry `write` where there was no word of its own yet; the official server accepts them still. */
const ALSO_ALLOWED_BY: Partial<Record<ScopeAction, ScopeAction>> = {
  trigger: "write",
  batchTrigger: "write",
};

/** A {@link Permission} in few words. */
export function permission(action: ScopeAction, type: ScopeType, id?: string): Permission {
  return { action, type, id };
}

/** True when the principal has at least one of the permissions. Secret keys have all, read-only ones all that read. */
export function allows(principal: Principal, anyOf: readonly Permission[]): boolean {
  const wanted = principal.readOnly ? anyOf.filter(({ action }) => action === "read") : anyOf;
  if (principal.kind === "secret-key") return wanted.length > 0;
  return wanted.some((one) => principal.scopes.some((scope) => covers(scope, one)));
}

/** True when a scope lets nobody change anything. */
export function onlyReads(scope: string): boolean {
  return scope.startsWith("read:");
}

function covers(scope: string, { action, type, id }: Permission): boolean {
  if (scope === "admin") return true;
  // Only the first two colons split: ids may contain some.
  const [, scopeAction, scopeType, scopeId] = /^([^:]+):([^:]+)(?::(.*))?$/su.exec(scope) ?? [];
  if (scopeAction !== "*" && scopeAction !== action && scopeAction !== ALSO_ALLOWED_BY[action]) return false;
  if (scopeType !== "all" && scopeType !== type) return false;
  return scopeId === undefined || scopeId === id;
}
