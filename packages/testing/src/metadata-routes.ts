import {
  DEDUPE_HEADER,
  IDEMPOTENCY_KEY_HEADER,
  isRunId,
  type JsonObject,
  type Operation,
  parseBatchKey,
} from "@runmeta/runtime/protocol";
import { putMetadataBody } from "@runmeta/runtime/protocol/schemas";
import type { EndpointRun } from "./endpoint-run.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";
import { ownOperations } from "./own-operations.ts";
import { json, parseBody, type Route, type RoutedRequest, refusal } from "./route.ts";

const path = /^\/api\/v1\/runs\/([^/]*)\/metadata$/;

/** How an endpoint treats metadata requests. */
export interface MetadataRoutesOptions {
  readonly runs: EndpointRuns;
  readonly limitBytes: number;
  readonly deduplicates: boolean;
  /** Whether replies say which writes to other runs were refused or had no effect. */
  readonly remarks: boolean;
  /** What a run that nobody registered starts with. */
  readonly document: JsonObject;
}

interface Remarks {
  readonly refused?: readonly { readonly target: string; readonly message: string }[];
  readonly ineffective?: readonly { readonly target: string; readonly key: string }[];
}

/** What was done for a key: the same request is answered alike, and not applied again. */
interface Done {
  readonly text: string;
  readonly remarks: Remarks;
}

/** `PUT` and `GET /api/v1/runs/{runId}/metadata`. */
export function metadataRoutes(options: MetadataRoutesOptions): readonly Route[] {
  const { runs } = options;
  const done = new Map<string, Done>();
  /** The last batch of each publisher of a run: a lower number is a late copy of one that was answered. */
  const lastSequence = new Map<string, number>();

  const runOf = (routed: RoutedRequest): EndpointRun | undefined => {
    const id = routed.parameters[0] ?? "";
    if (!isRunId(id)) return undefined;
    return (
      runs.find(id) ?? runs.create({ id, metadata: options.document, createdAt: routed.clock.wallTime() })
    );
  };

  const answer = (metadata: JsonObject, remarks: Remarks): Response =>
    json(
      200,
      { metadata, ...(options.remarks ? remarks : {}) },
      options.deduplicates ? { [DEDUPE_HEADER]: "1" } : {},
    );

  const apply = (routed: RoutedRequest): Response => {
    const run = runOf(routed);
    if (run === undefined) return refusal(400, "Invalid or missing run ID");
    const key = options.deduplicates ? routed.request.headers.get(IDEMPOTENCY_KEY_HEADER) : null;
    const known = key === null ? undefined : done.get(`${run.id} ${key}`);
    if (known !== undefined) {
      if (known.text === routed.text) return answer(run.document.current, known.remarks);
      return refusal(422, "This idempotency key was used for another body");
    }
    const batch = key === null ? undefined : parseBatchKey(key);
    const publisher = `${run.id} ${batch?.publisher}`;
    if (batch !== undefined && batch.sequence < (lastSequence.get(publisher) ?? 0)) {
      return answer(run.document.current, {});
    }
    const body = putMetadataBody.safeParse(parseBody(routed.text));
    if (!body.success) return refusal(400, "Invalid metadata");
    if (run.document.apply(ownOperations(body.data)) === undefined) {
      return refusal(413, tooLargeMessage(options.limitBytes));
    }
    const remarks = applyRemote(run, {
      parent: body.data.parentOperations,
      root: body.data.rootOperations,
    });
    if (key !== null) done.set(`${run.id} ${key}`, { text: routed.text, remarks });
    if (batch !== undefined) lastSequence.set(publisher, batch.sequence);
    // A body that asks for nothing is answered with nothing.
    return answer(Object.keys(body.data).length === 0 ? {} : run.document.current, remarks);
  };

  const applyRemote = (
    run: EndpointRun,
    lists: Readonly<Record<"parent" | "root", readonly Operation[] | undefined>>,
  ): Remarks => {
    const refused: { target: string; message: string }[] = [];
    const ineffective: { target: string; key: string }[] = [];
    for (const target of ["parent", "root"] as const) {
      const operations = lists[target] ?? [];
      if (operations.length === 0) continue;
      const id = target === "parent" ? run.parentId : run.rootId;
      const remote = (id === undefined ? undefined : runs.find(id)) ?? run;
      const unapplied = remote.document.applyRemote(operations);
      if (unapplied === undefined) refused.push({ target, message: tooLargeMessage(options.limitBytes) });
      for (const operation of unapplied ?? []) {
        if (operation.type !== "update") ineffective.push({ target, key: operation.key });
      }
    }
    return {
      ...(refused.length === 0 ? {} : { refused }),
      ...(ineffective.length === 0 ? {} : { ineffective }),
    };
  };

  return [
    {
      method: "PUT",
      path,
      handle: apply,
    },
    {
      method: "GET",
      path,
      handle(routed) {
        const run = runOf(routed);
        if (run === undefined) return refusal(400, "Invalid or missing run ID");
        return answer(run.document.current, {});
      },
    },
  ];
}

function tooLargeMessage(limitBytes: number): string {
  return `Metadata exceeds maximum size of ${limitBytes} bytes`;
}
