import { createHash } from "node:crypto";
import { z } from "zod";
import { queryParameters } from "../http/query-parameters.ts";
import type { Reply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import type { RunFeed } from "../service/realtime/run-feed.ts";
import type { Services } from "../service/services.ts";
import type { RunGroup } from "../storage/storage.ts";
import { runsOfBatch, taggedRuns, taggedRunsQuery } from "./run-group.ts";
import {
  closing,
  columnsOf,
  holdMs,
  isHandleOf,
  mustRefetch,
  newHandle,
  SHAPE_DESCRIPTION,
  SHAPE_REPLIES,
  type ShapeQuery,
  shapeForm,
  shapeQuery,
  shapeReply,
  shapeText,
} from "./shape-reply.ts";
import { held } from "./subscriber.ts";

const taggedShapeQuery = z.object({ ...shapeQuery.shape, ...taggedRunsQuery.shape });

/** `GET /realtime/v1/runs?tags=`: runs by their tags as a shape. */
export function taggedRunsShapeRoute({ feed }: Services, clock: Clock): Route {
  return defineRoute({
    method: "GET",
    path: "/realtime/v1/runs",
    access: { kind: "public-token", scopes: ["read:runs", "read:tags", "read:tags:{tag}"] },
    body: { kind: "none" },
    query: taggedShapeQuery,
    contract: {
      operationId: "taggedRunsShape",
      tag: "Realtime",
      summary: "The runs that have some tags as an ElectricSQL shape",
      description: SHAPE_DESCRIPTION,
      replies: SHAPE_REPLIES,
    },
    async handle(request) {
      const query = queryParameters(request);
      const asked = taggedRuns(request, query, clock.now());
      const tagsName = createHash("sha256")
        .update(JSON.stringify(asked.tags ?? []))
        .digest("base64url");
      const shape = (from: Date) => `tags-${from.getTime()}-${tagsName.slice(0, 16)}`;
      // What is followed stays the same for as long as a subscription lasts.
      const pinned = /^tags-(\d{1,15})-/.exec(query.offset === "-1" ? "" : (query.handle ?? ""))?.[1];
      const from = pinned === undefined ? asked.createdFrom : new Date(Number(pinned));
      const group = { ...asked, createdFrom: from };
      return await answer(feed, group, shape(from), request, query, clock);
    },
  });
}

/** `GET /realtime/v1/batches/{batchId}`: the runs of a batch as a shape. */
export function batchShapeRoute({ feed, batches }: Services, clock: Clock): Route {
  return defineRoute({
    method: "GET",
    path: "/realtime/v1/batches/:batchId",
    access: { kind: "public-token", scopes: ["read:batch:{batchId}", "read:runs"] },
    body: { kind: "none" },
    query: shapeQuery,
    contract: {
      operationId: "batchShape",
      tag: "Realtime",
      summary: "The runs of a batch as an ElectricSQL shape",
      description: SHAPE_DESCRIPTION,
      replies: { ...SHAPE_REPLIES, 404: "`Not found`" },
    },
    async handle(request) {
      const group = await runsOfBatch(request, batches);
      const query = queryParameters(request);
      return await answer(feed, group, group.batchId, request, query, clock);
    },
  });
}

async function answer(
  feed: RunFeed,
  group: RunGroup,
  shape: string,
  request: Pick<RouteRequest, "principal" | "call">,
  query: ShapeQuery,
  clock: Clock,
): Promise<Reply> {
  const columns = columnsOf(request, query);
  const first = query.offset === "-1";
  const live = !first && query.live === "true";
  const handle = first ? newHandle(shape) : query.handle;
  if (!first && !isHandleOf(shape, handle)) return mustRefetch(newHandle(shape));
  const look = live
    ? await held(feed, () => feed.groupAfter(group, query.offset, holdMs(), request.call.signal))
    : await feed.group(group, first ? undefined : query.offset);
  if (live && feed.closed && (look === undefined || look.value.runs.length === 0)) throw closing();
  if (look === undefined || handle === undefined) return mustRefetch(newHandle(shape));
  const { runs, position } = look.value;
  const operation = first ? "insert" : "update";
  const text = look.text(shapeForm(operation, columns), () => shapeText(runs, operation, columns));
  return shapeReply(text, { handle, offset: position, live, now: clock.now() }, columns);
}
