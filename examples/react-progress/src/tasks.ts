import { setTimeout as pause } from "node:timers/promises";
import { AbortTaskRunError, metadata, schemaTask } from "@runmeta/runtime";
import { z } from "zod";
import { toMorse } from "./morse.ts";
import { type KeyedWord, TASK } from "./telegram.ts";

/** How long the wire takes for a word. */
const WORD_MS = 400;

/** Keys a telegram word by word. Interrupted, it goes on where the document says it was. */
export const sendTelegram = schemaTask({
  id: TASK,
  schema: z.object({ text: z.string().trim().min(1).max(300) }),
  run: async ({ text }, { signal }) => {
    const words = text.split(/\s+/);
    const first: number = metadata.get("progress")?.done ?? 0;
    const progress = metadata.progress(words.length);
    progress.advance(first);
    metadata.set("text", text);

    async function* key(): AsyncGenerator<KeyedWord> {
      for (const word of words.slice(first)) {
        const code = toMorse(word);
        if (code === undefined) throw new AbortTaskRunError(`There is no Morse code for “${word}”.`);
        await pause(WORD_MS, undefined, { signal });
        yield { word, code };
      }
    }
    for await (const { word } of await metadata.stream("morse", key())) {
      metadata.set("word", word);
      progress.advance();
    }
    return { words: words.length };
  },
});
