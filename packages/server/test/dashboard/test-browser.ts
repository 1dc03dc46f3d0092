import type { RunmetaServer } from "../../src/index.ts";

/** What a page of the dashboard sends with everything that changes something. */
export const OWN_PAGE = { "x-runmeta-dashboard": "1", "sec-fetch-site": "same-origin" } as const;

/** Calls a server as one browser does: it keeps cookies, and says where a request comes from. */
export class TestBrowser {
  readonly server: Pick<RunmetaServer, "fetch">;
  readonly origin: string;
  /** Name and value of the cookies it holds. */
  readonly cookies = new Map<string, string>();

  constructor(server: Pick<RunmetaServer, "fetch">, origin = "http://localhost:3030") {
    this.server = server;
    this.origin = origin;
  }

  /** A request from one of the dashboard's pages, or what `headers` make of it; undefined takes a header away. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Response> {
    const all = {
      ...OWN_PAGE,
      ...(method === "GET" ? {} : { origin: this.origin }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(this.cookies.size === 0 ? {} : { cookie: this.cookieHeader }),
      ...headers,
    };
    const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const reply = await this.server.fetch(
      new Request(this.origin + path, {
        method,
        headers: sent,
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    for (const cookie of reply.headers.getSetCookie()) this.#keep(cookie);
    return reply;
  }

  /** Signs in with a key, as the page does. */
  signIn(key: string): Promise<Response> {
    return this.call("POST", "/auth/session", { key });
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #keep(setCookie: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
    if (/max-age=0/i.test(setCookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
