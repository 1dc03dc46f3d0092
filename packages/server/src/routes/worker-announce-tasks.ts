import { announceTasksBody, announceTasksReply } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

const LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * `PUT /engine/v1/tasks`: a worker says what it executes, when it starts. The last word about a task counts.
 *
 * Body `{ tasks: [{ id, queue?, concurrencyLimit?, ttl? }] }`. 200 `{ maximumSizeBytes }`.
 */
export function announceTasksRoute({ runs }: Services): Route {
  return defineRoute({
    method: "PUT",
    path: "/engine/v1/tasks",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: announceTasksBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "announceTasks",
      tag: "Workers",
      summary: "Say what a worker executes",
      description:
        "Queue and `ttl` hold for runs triggered from then on, limits of queues at once, on all workers together. The last word about a task counts.",
      replies: { 200: { description: "What the worker has to know", schema: announceTasksReply } },
    },
    async handle(request) {
      const { tasks } = jsonBody(request);
      await runs.announceTasks(request.principal.environment, tasks);
      return jsonReply(200, { maximumSizeBytes: runs.maximumSizeBytes });
    },
  });
}
