import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { build, type Plugin, preview } from "vite";
import { makeTokens } from "./make-tokens.ts";

/** The page's own server: files, and tokens for the API, which is elsewhere. */
export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

const root = join(import.meta.dirname, "page");

/** Builds the page and serves it on loopback; 0 takes a free port. */
export async function servePage(apiUrl: string, port: number): Promise<PageServer> {
  const outDir = join(import.meta.dirname, "../dist");
  const common = {
    root,
    configFile: false,
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  } as const;
  await build({ ...common, plugins: [react()] });
  const server = await preview({
    ...common,
    plugins: [tokens(apiUrl)],
    preview: { host: "127.0.0.1", port, headers: { "content-security-policy": policy(apiUrl) } },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the page is not served on a port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A page may need no more than this to watch runs. */
function policy(apiUrl: string): string {
  return `default-src 'self'; connect-src 'self' ${apiUrl}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** `POST /tokens`. Yours would ask first who is there. */
function tokens(apiUrl: string): Plugin {
  return {
    name: "tokens",
    configurePreviewServer({ middlewares }) {
      middlewares.use("/tokens", (request, reply, next) => {
        if (request.method !== "POST") return next();
        makeTokens(apiUrl).then(
          (made) =>
            reply
              .writeHead(200, { "content-type": "application/json", "cache-control": "no-store" })
              .end(JSON.stringify(made)),
          next,
        );
      });
    },
  };
}
