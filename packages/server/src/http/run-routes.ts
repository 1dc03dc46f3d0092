import type { Call } from "./call.ts";
import type { Endpoint } from "./route.ts";

const RUN_ID = /\/(run_[A-Za-z0-9_-]+)(?=\/|$)/;

/**
 * Routes whose only parameter is a run's id, by their whole path: almost all requests of jobs and of those who follow
 * them. The id is recognised by its form, so that nothing has to be searched; whatever looks different is left to the
 * router. *Cost*: a microsecond, where the router takes ten.
 */
export class RunRoutes {
  readonly #routes: ReadonlyMap<string, Endpoint>;

  constructor(routes: readonly Endpoint[]) {
    this.#routes = new Map(
      routes
        .map((route) => ({ route, path: route.path.replace(/:runId\{[^}]*\}/, ":runId") }))
        .filter(({ path }) => /^[^:{]*\/:runId[^:{]*$/.test(path))
        .map(({ route, path }) => [`${route.method} ${path}`, route]),
    );
  }

  /** The route of a call, and the id in it. */
  find({ method, target }: Call): { readonly route: Endpoint; readonly runId: string } | undefined {
    const query = target.indexOf("?");
    const path = query === -1 ? target : target.slice(0, query);
    const found = RUN_ID.exec(path);
    const runId = found?.[1];
    if (found === null || runId === undefined) return undefined;
    const before = path.slice(0, found.index);
    const behind = path.slice(found.index + found[0].length);
    const route = this.#routes.get(`${method === "HEAD" ? "GET" : method} ${before}/:runId${behind}`);
    return route === undefined ? undefined : { route, runId };
  }
}
