import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Call } from "./call.ts";
import { EarlyEnd } from "./early-end.ts";
import { HttpError } from "./http-error.ts";

/** A request on a socket as a call. What most requests need is taken from Node as it is; a web request is made for the rest. */
export class SocketCall implements Call {
  readonly method: string;
  readonly target: string;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #raw: Request | undefined;
  #gone: AbortController | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.method = incoming.method ?? "";
    this.target = incoming.url ?? "";
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = (this.#gone = new AbortController());
      const outgoing = this.#outgoing;
      if (outgoing.destroyed) gone.abort();
      else outgoing.once("close", () => void (outgoing.writableFinished || gone.abort()));
    }
    return this.#gone.signal;
  }

  get raw(): Request {
    return (this.#raw ??= webRequest(this.#incoming, this.#outgoing));
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  read(limitBytes: number): Promise<Uint8Array | undefined> {
    const incoming = this.#incoming;
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let length = 0;
      incoming.on("data", (piece: Buffer) => {
        length += piece.byteLength;
        if (length <= limitBytes) pieces.push(piece);
        else {
          // The rest flows by and is dropped.
          pieces.length = 0;
          resolve(undefined);
        }
      });
      incoming.once("end", () =>
        resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length)),
      );
      const early = (cause: unknown) => {
        if (!incoming.readableEnded) reject(new EarlyEnd(cause));
      };
      incoming.once("error", early);
      if (incoming.destroyed) early(new Error("The connection is closed"));
      else incoming.once("close", early);
    });
  }
}

/** @throws HttpError 400 for a target or a host that makes no address */
function webRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  let made: Request | undefined;
  // The adapter hands it over before it returns, and answers nothing by itself.
  const adapt = getRequestListener(
    (request) => {
      made = request;
      return RESPONSE_ALREADY_SENT;
    },
    // Replacing the global Request and Response would be quicker, but they belong to the process we are embedded in.
    { overrideGlobalObjects: false, errorHandler: () => undefined },
  );
  void adapt(incoming, outgoing);
  if (made === undefined) throw new HttpError(400, "Invalid request target or host");
  return made;
}
