import { pgliteStorage } from "@runmeta/server";
import { servePage } from "./serve-page.ts";
import { startApi } from "./start-api.ts";

console.log("Starting a runmeta server in memory, and building the page …");
const api = await startApi({ storage: pgliteStorage({}), port: 0 });
const page = await servePage(api.url, 0);
console.log(`runmeta server: ${api.url}\nthe page:       ${page.url}\n\nStop with Ctrl-C.`);

await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});
await page[Symbol.asyncDispose]();
await api.close();
