import type { ApiClient } from "../client/api-client.ts";
import { findApiClient } from "../client/configure.ts";
import { runOutsideScope } from "../context/context-storage.ts";
import type { Endpoint } from "../target/endpoint.ts";

/**
 * The endpoint of a run that outlives its key: when another one is configured, a run that was refused (401) goes on
 * with that. A configuration for another host, one that was taken away, or that cannot be used, changes nothing: a run
 * stays where it began.
 */
export function followConfiguration(first: ApiClient): {
  endpoint: () => Endpoint;
  /** Another text for each change of the credentials. */
  credentials: () => string;
} {
  let client = first;
  let changes = 0;
  return {
    endpoint: () => client,
    credentials() {
      const now = configuredClient() ?? client;
      if (now.baseURL === client.baseURL && !now.sameCredentials(client)) {
        client = now;
        changes += 1;
      }
      return String(changes);
    },
  };
}

/** Not the current run's own client: that is the one whose key may be out of date. */
function configuredClient(): ApiClient | undefined {
  try {
    return runOutsideScope(findApiClient);
  } catch {
    return undefined;
  }
}
