import { z } from "zod";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import type { RouteRequest } from "../http/route.ts";
import { isBatchId } from "../service/batch-service.ts";
import { parseDurationSeconds } from "../service/duration.ts";
import type { Services } from "../service/services.ts";
import type { RunGroup } from "../storage/storage.ts";

/** How far back runs by tag go, at most and unless told otherwise. */
const MAX_AGE_SECONDS = 24 * 3600;

/** More tags than a run can have match nothing; so many are a mistake. */
const MAX_TAGS = 100;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const REFUSED_IN_TAGS = /[\u0000-\u001f\u007f"\\]/;

/** The parameters that name runs by tag. */
export const taggedRunsQuery = z.object({
  tags: z
    .string()
    .transform((text) => text.split(",").filter((tag) => tag !== ""))
    .pipe(
      z
        .array(
          z.string().refine((tag) => !REFUSED_IN_TAGS.test(tag), {
            error: ({ input }) => `Invalid tag: ${JSON.stringify(input)}`,
          }),
        )
        .max(MAX_TAGS),
    )
    .optional()
    .describe("Tags, joined by commas; runs have all of them. Every run unless given."),
  createdAt: z
    .string()
    .refine((text) => parseDurationSeconds(text) !== undefined, "must be a duration such as 1h")
    .transform((text) => parseDurationSeconds(text) ?? MAX_AGE_SECONDS)
    .optional()
    .describe("Runs created within this time: `10m`, `1h`; a day at most, and unless given."),
});

/**
 * The runs that a query names, for those who may read them. The time is whole minutes, so that those who ask at about
 * the same time share their answers.
 *
 * @throws HttpError 403
 */
export function taggedRuns(
  request: Pick<RouteRequest, "authorize" | "principal">,
  { tags, createdAt: seconds = MAX_AGE_SECONDS }: z.output<typeof taggedRunsQuery>,
  now: Date,
): RunGroup & { readonly createdFrom: Date } {
  request.authorize([
    permission("read", "runs"),
    permission("read", "tags"),
    ...(tags ?? []).map((tag) => permission("read", "tags", tag)),
  ]);
  const fromMs = Math.floor((now.getTime() - Math.min(seconds, MAX_AGE_SECONDS) * 1000) / 60_000) * 60_000;
  return { environment: request.principal.environment, tags, createdFrom: new Date(fromMs) };
}

/**
 * The runs of the batch in the path, for those who may read them.
 *
 * @throws HttpError 403, 404
 */
export async function runsOfBatch(
  request: Pick<RouteRequest, "authorize" | "principal" | "param">,
  batches: Services["batches"],
): Promise<RunGroup & { readonly batchId: string }> {
  const { environment } = request.principal;
  const batchId = request.param("batchId");
  request.authorize([permission("read", "batch", batchId), permission("read", "runs")]);
  const batch = isBatchId(batchId) ? await batches.find(environment, batchId) : undefined;
  if (batch === undefined) throw new HttpError(404, "Not found", { "x-should-retry": "false" });
  return { environment, batchId };
}
