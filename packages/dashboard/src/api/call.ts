import { type Answer, faultOf } from "./fault.ts";
import { onSignedOut } from "./signed-out.ts";

/** A call of the server. */
export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** Members that are undefined or empty are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the call; it answers `undefined` then, since nobody is interested any more. */
  readonly signal?: AbortSignal | undefined;
}

/** A call that the server has not answered after this time has failed. */
const TIMEOUT_MS = 20_000;

/**
 * Calls the public API with the cookie of the sign-in. Never throws: a server that is not there, or says no, is a value.
 * What the reply looks like is the server's contract; its own tests hold it, so nothing is checked again here.
 *
 * @returns undefined when the call was ended by its signal
 */
export async function call<Value>(request: Call): Promise<Answer<Value> | undefined> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(addressOf(request), {
      method: request.method ?? "GET",
      headers: {
        // What a form or another site cannot send.
        "x-runmeta-dashboard": "1",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      cache: "no-store",
      credentials: "same-origin",
      signal,
    });
    body = await bodyOf(response);
  } catch {
    if (request.signal?.aborted) return undefined;
    return { ok: false, fault: { kind: "offline", message: "The server does not answer" } };
  }
  if (response.ok) return { ok: true, value: body as Value, headers: response.headers };
  const fault = faultOf(response.status, body);
  if (fault.kind === "signed-out") onSignedOut.tell();
  return { ok: false, fault };
}

function addressOf({ path, query = {} }: Call): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.headers.get("content-type")?.startsWith("application/json")) return text;
  return JSON.parse(text) as unknown;
}
