import { type Backend, localBackend } from "./backend.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";
import { type MetadataRoutesOptions, metadataRoutes } from "./metadata-routes.ts";
import { type Route, type RoutedRequest, refusal } from "./route.ts";
import { runRoutes } from "./run-routes.ts";
import { streamRoutes } from "./stream-routes.ts";
import { triggerRoutes } from "./trigger-routes.ts";

/** How a {@link memoryBackend} answers. */
export interface MemoryBackendOptions
  extends Pick<MetadataRoutesOptions, "limitBytes" | "document" | "deduplicates"> {
  /** It knows neither our remarks about other runs, nor the calls for workers. */
  readonly isTriggerDev: boolean;
}

/** The API in memory. */
export function memoryBackend(runs: EndpointRuns, options: MemoryBackendOptions): Backend {
  const { isTriggerDev, ...metadata } = options;
  const routes: readonly Route[] = [
    ...metadataRoutes({ ...metadata, runs, remarks: !isTriggerDev }),
    ...triggerRoutes(runs, options.limitBytes),
    ...runRoutes(runs),
    ...streamRoutes(runs),
  ];
  return localBackend(!isTriggerDev, (routed) =>
    isTriggerDev && routed.url.pathname.startsWith("/engine/")
      ? refusal(404, "Not found")
      : answerBy(routes, routed),
  );
}

function answerBy(routes: readonly Route[], routed: RoutedRequest): Response | Promise<Response> {
  const { method } = routed.request;
  const { pathname } = routed.url;
  for (const candidate of routes) {
    const match = candidate.method === method ? candidate.path.exec(pathname) : null;
    if (match === null) continue;
    const parameters = match.slice(1).map((part) => decodeURIComponent(part));
    return candidate.handle({ ...routed, parameters });
  }
  return refusal(404, `the scripted endpoint has no ${method} ${pathname}`);
}
