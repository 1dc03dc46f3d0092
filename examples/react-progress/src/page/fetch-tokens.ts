import type { Tokens } from "../telegram.ts";

/** Tokens from the page's own server, as a signed-in user of yours would get them. */
export async function fetchTokens(): Promise<Tokens> {
  const reply = await fetch("/tokens", { method: "POST" });
  if (!reply.ok) throw new Error(`POST /tokens answered ${reply.status}`);
  return (await reply.json()) as Tokens;
}
