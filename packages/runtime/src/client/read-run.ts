import type { ApiReply } from "./api-client.ts";
import { parseReply } from "./parse-reply.ts";
import { withDates } from "./run-dates.ts";
import type { OutputOf, PayloadOf, RetrievedRun } from "./run-record.ts";

/** A run from a reply's body. @throws ApiError naming the field that is not as the contract says */
export function readRun<Run>(
  call: string,
  reply: ApiReply,
): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
  return parseReply(
    call,
    reply,
    (schemas) => schemas.retrieveRunReply,
    (body) => {
      const { root, parent, children } = body.relatedRuns;
      const record: RetrievedRun = {
        ...withDates(body),
        relatedRuns: {
          ...(root === undefined ? {} : { root: withDates(root) }),
          ...(parent === undefined ? {} : { parent: withDates(parent) }),
          ...(children === undefined ? {} : { children: children.map(withDates) }),
        },
      };
      // Payload and output have the types that the caller named; everything else was checked.
      return record as RetrievedRun<PayloadOf<Run>, OutputOf<Run>>;
    },
  );
}
