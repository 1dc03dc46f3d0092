import type { Fetch } from "../../src/http/exchange.ts";

/** What may happen to a request on its way. */
export const FAULTS = [
  "lost before",
  "lost after",
  "503 before",
  "500 after",
  "gateway page after",
  "gateway 404",
  "cut reply",
  "duplicate later",
  "late",
  "very late",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface BadNetwork {
  readonly fetch: Fetch;
  /** From now on everything arrives. */
  heal(): void;
  /** Copies that are still on their way have arrived. */
  quiet(): Promise<void>;
  readonly seen: Map<Fault, number>;
}

/** Loses, repeats and delays requests to a server in this process. */
export function badNetwork(
  server: Fetch,
  options: { random: () => number; faultRate: number; faults?: readonly Fault[] },
): BadNetwork {
  const { random, faultRate, faults = FAULTS } = options;
  let healthy = false;
  const copies = new Set<Promise<unknown>>();
  const seen = new Map<Fault, number>();

  const known = new Set<string>();

  async function deliver(request: Request, text: string): Promise<Response> {
    known.add(keyOf(request));
    return server(
      new Request(request.url, {
        method: request.method,
        headers: request.headers,
        ...(text === "" ? {} : { body: text }),
      }),
    );
  }
  const later = (delayMs: number, request: Request, text: string): void => {
    const copy = pause(delayMs)
      .then(() => deliver(request, text))
      .then((response) => response.text())
      .finally(() => copies.delete(copy));
    copies.add(copy);
  };

  return {
    seen,
    heal: () => {
      healthy = true;
    },
    async quiet() {
      while (copies.size > 0) await Promise.all(copies);
    },
    async fetch(request) {
      const text = await request.text();
      if (healthy || random() >= faultRate) return deliver(request, text);
      const fault = faults[Math.floor(random() * faults.length)] as Fault;
      seen.set(fault, (seen.get(fault) ?? 0) + 1);
      switch (fault) {
        case "lost before":
          throw networkError();
        case "lost after":
          await deliver(request, text);
          throw networkError();
        case "503 before":
          return new Response("{}", { status: 503 });
        case "500 after":
          await deliver(request, text);
          return new Response("{}", { status: 500, headers: { "x-runmeta-dedupe": "1" } });
        case "gateway page after":
          await deliver(request, text);
          return new Response("<html>", { status: 502, headers: { "content-type": "text/html" } });
        case "gateway 404":
          // For good refusals outside a repetition I5 holds, and the writes are named as lost.
          if (request.method !== "PUT" || !known.has(keyOf(request))) return deliver(request, text);
          return new Response("<html>", { status: 404, headers: { "content-type": "text/html" } });
        case "cut reply": {
          const response = await deliver(request, text);
          const whole = await response.text();
          return new Response(whole.slice(0, Math.floor(whole.length / 2)), response);
        }
        case "duplicate later":
          later(random() * 300, request, text);
          return deliver(request, text);
        case "late":
          await pause(random() * 60);
          return deliver(request, text);
        case "very late":
          // Longer than a request may take: its repetition is there before it.
          later(250 + random() * 200, request, text);
          throw networkError();
      }
    },
  };
}

function keyOf(request: Request): string {
  return `${request.headers.get("x-trigger-request-idempotency-key")}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function networkError(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
