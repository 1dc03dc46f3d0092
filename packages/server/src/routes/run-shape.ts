import { HttpError } from "../http/http-error.ts";
import { queryParameters } from "../http/query-parameters.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import type { Services } from "../service/services.ts";
import { readPermissions } from "./read-permissions.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import {
  closing,
  columnsOf,
  holdMs,
  isHandleOf,
  mustRefetch,
  newHandle,
  SHAPE_DESCRIPTION,
  SHAPE_REPLIES,
  shapeForm,
  shapeQuery,
  shapeReply,
  shapeText,
} from "./shape-reply.ts";
import { held } from "./subscriber.ts";

const UP_TO_DATE = shapeText([], "update", []);

/** `GET /realtime/v1/runs/{runId}`: one run as a shape; its version is the offset. */
export function runShapeRoute({ feed }: Services, clock: Clock): Route {
  return defineRoute({
    method: "GET",
    path: "/realtime/v1/runs/:runId",
    access: {
      kind: "public-token",
      scopes: ["read:runs:{runId}", "read:tasks:{task}", "read:tags:{tag}", "read:batch:{batchId}"],
    },
    body: { kind: "none" },
    query: shapeQuery,
    contract: {
      operationId: "runShape",
      tag: "Realtime",
      summary: "A run as an ElectricSQL shape",
      description: SHAPE_DESCRIPTION,
      replies: { ...SHAPE_REPLIES, 404: "`Not found`" },
    },
    async handle(request) {
      const id = runIdParameter(request, notFound);
      const { environment } = request.principal;
      const live = request.query().get("live") === "true";
      const followed = live ? feed.follow(environment, id, holdMs(), request.call.signal) : undefined;
      try {
        const run = await (followed?.run ?? feed.run(environment, id));
        request.authorize(readPermissions(id, run?.value));
        if (run === undefined) throw notFound();
        const query = queryParameters(request);
        const columns = columnsOf(request, query);
        const write = (operation: "insert" | "update", found: typeof run) =>
          found.text(shapeForm(operation, columns), (row) => shapeText([row], operation, columns));
        const at = (version: number, handle: string) => ({
          handle,
          offset: `${version}_0`,
          live,
          now: clock.now(),
        });

        if (query.offset === "-1")
          return shapeReply(
            write("insert", run),
            { ...at(run.value.version, newHandle(id)), live: false },
            columns,
          );
        const known = versionOf(query.offset);
        const { handle } = query;
        if (!isHandleOf(id, handle) || known === undefined || known > run.value.version)
          return mustRefetch(newHandle(id));
        const newer = run.value.version > known ? run : undefined;
        const found = followed === undefined ? newer : await held(feed, () => followed.after(known));
        if (found === undefined && feed.closed) throw closing();
        // Deleted meanwhile.
        if (live && found === undefined && (await feed.run(environment, id)) === undefined) throw notFound();
        const text = found === undefined ? UP_TO_DATE : write("update", found);
        return shapeReply(text, at(found?.value.version ?? known, handle), columns);
      } finally {
        followed?.stop();
      }
    },
  });
}

function versionOf(offset: string): number | undefined {
  const version = /^(\d{1,15})_0$/.exec(offset)?.[1];
  return version === undefined ? undefined : Number(version);
}

function notFound(): HttpError {
  return new HttpError(404, "Not found", { "x-should-retry": "false" });
}
