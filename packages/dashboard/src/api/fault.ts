/**
 * What came of a call that did not succeed:
 * - `offline`: no answer of the server; trying again makes sense.
 * - `signed-out`: 401; the shell has turned to the sign-in page already.
 * - `refused`: the server said no, in its own words.
 */
export type Fault =
  | { readonly kind: "offline"; readonly message: string }
  | { readonly kind: "signed-out"; readonly message: string }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** The value of a call, or what came instead. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value; readonly headers: Headers }
  | { readonly ok: false; readonly fault: Fault };

/** Statuses with which a proxy or a server that is starting says that nobody is there. */
const NOBODY_THERE: ReadonlySet<number> = new Set([502, 503, 504]);

/** The fault that an answer of the server stands for. */
export function faultOf(status: number, body: unknown): Fault {
  const message = messageOf(body) ?? `The server answered ${status}`;
  if (status === 401) return { kind: "signed-out", message };
  if (NOBODY_THERE.has(status)) return { kind: "offline", message };
  return { kind: "refused", status, message };
}

function messageOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
  const { error } = body;
  if (typeof error === "string") return error;
  if (typeof error === "object" && error !== null && "message" in error && typeof error.message === "string")
    return error.message;
  return undefined;
}
