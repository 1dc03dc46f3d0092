import { auth } from "@runmeta/runtime";
import { sendTelegram } from "./tasks.ts";
import { TAG, type Tokens } from "./telegram.ts";

/** What your backend does, once it knows who asks: the secret key stays here. */
export async function makeTokens(apiUrl: string): Promise<Tokens> {
  const [trigger, read] = await Promise.all([
    auth.createTriggerPublicToken(sendTelegram.id),
    auth.createPublicToken({ scopes: { read: { tags: TAG } }, expirationTime: "1h" }),
  ]);
  return { apiUrl, trigger, read };
}
