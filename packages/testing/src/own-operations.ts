import type { Operation } from "@runmeta/runtime/protocol";
import type { PutMetadataBody } from "@runmeta/runtime/protocol/schemas";

/** Operations of a request on its own run; replacing the whole document is one of them. */
export function ownOperations(body: PutMetadataBody): readonly Operation[] {
  if (body.operations !== undefined) return body.operations;
  return body.metadata === undefined ? [] : [{ type: "update", value: body.metadata }];
}
