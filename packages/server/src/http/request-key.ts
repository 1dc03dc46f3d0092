import { IDEMPOTENCY_KEY_HEADER } from "@runmeta/runtime/protocol";
import { HttpError } from "./http-error.ts";
import type { RouteRequest } from "./route.ts";

/** Headers hold little; clients send a UUID or a publisher and a number. */
const MAX_KEY_LENGTH = 256;

/** How routes that honour the key say so in their contract. */
export const REQUEST_KEY_HEADERS = {
  [IDEMPOTENCY_KEY_HEADER]:
    "Names this call: the same on every HTTP attempt of it. A call that is sent again is answered, not done twice. At most 256 printable ASCII characters.",
} as const;

/**
 * The key that is the same for every HTTP attempt of one call (`x-trigger-request-idempotency-key`); undefined when the
 * client sends none.
 *
 * @throws HttpError 400 when it is too long to be one
 */
export function requestKey(request: RouteRequest): string | undefined {
  const key = request.header(IDEMPOTENCY_KEY_HEADER);
  if (key === undefined || key === "") return undefined;
  if (key.length > MAX_KEY_LENGTH || !/^[\x20-\x7e]+$/.test(key)) {
    throw new HttpError(400, {
      error: "Headers Error",
      details: [
        {
          code: "custom",
          message: `Must be at most ${MAX_KEY_LENGTH} printable ASCII characters`,
          path: [IDEMPOTENCY_KEY_HEADER],
        },
      ],
    });
  }
  return key;
}
