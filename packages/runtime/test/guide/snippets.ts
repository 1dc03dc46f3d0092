/**
 * What the guide to run metadata shows as right, as code: it must compile under `strict`, here and where the package is
 * installed under the official name. Nothing in it runs.
 */

import { defineConfig, logger, metadata, runs, schemaTask, task, tasks } from "@runmeta/runtime";
import { z } from "zod";

class HelloWorld {
  hello(): string {
    return "world";
  }
}

export const childTask = task({
  id: "child-task",
  run: async (payload: { message: string }) => {
    metadata.parent.set("progress", 0.5);
    metadata.parent.append("logs", "Step 1 complete").remove("logs", "Step 1 complete");
    metadata.parent.increment("progress", 0.4).decrement("otherProgress", 0.1);
    metadata.root.set("progress", 0.1).append("logs", payload.message).increment("progress", 0.4);
    metadata.root.remove("logs", payload.message).decrement("otherProgress", 0.1);
  },
});

export const myTask = task({
  id: "my-task",
  onStart: async () => {
    metadata.set("progress", 0.5);
  },
  onSuccess: async () => {
    metadata.set("progress", 1.0);
  },
  run: async (payload: { message: string }) => {
    const currentMetadata = metadata.current();
    logger.log("metadata", { currentMetadata });

    const user = metadata.get("user");
    logger.log(user.name);
    const { name, id } = metadata.get("user");
    logger.info(`${name} ${id}`);
    // In one expression too.
    const shout: string = metadata.get("user").name.toUpperCase();

    await metadata.set("progress", 0.1);
    metadata.set("user", { name: "Eric", id: "user_1234" }).set("date", new Date());
    metadata.set("$.user.name", shout);
    await metadata.save({ user: { name: "Eric", id: "user_1234" } });
    metadata.replace({ user: { name: "Eric", id: "user_1234" } });
    await metadata.del("progress");
    metadata
      .append("logs", "Step 1 complete")
      .remove("logs", "Step 1 complete")
      .increment("progress", 0.4)
      .increment("progress")
      .decrement("otherProgress", 0.1);
    await metadata.flush();
    await metadata.refresh();

    await childTask.trigger(payload, { metadata: metadata.current() });
    await childTask.triggerAndWait({ message: "hello world" }).unwrap();
    return { message: payload.message };
  },
});

export const config = defineConfig({
  project: "proj_1234",
  onStart: async () => {
    metadata.set("progress", 0.5);
  },
});

export async function streams(): Promise<string> {
  const source = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("Step 1 complete");
      controller.close();
    },
  });
  let text = "";
  for await (const chunk of await metadata.stream("logs", source)) text += chunk;
  return text;
}

const Metadata = z.object({
  user: z.object({ name: z.string(), id: z.string() }),
  date: z.coerce.date(),
});
type Metadata = z.infer<typeof Metadata>;

export function getMetadata(): Metadata {
  return Metadata.parse(metadata.current());
}

export const typedTask = schemaTask({
  id: "typed-task",
  schema: z.object({ url: z.string() }),
  run: async (payload, { ctx }) => {
    metadata.parent.increment("processedRows", 1).append("rowRuns", ctx.run.id);
    return { year: getMetadata().date.getFullYear(), length: payload.url.length };
  },
});

export async function backend(): Promise<void> {
  const handle = await myTask.trigger(
    { message: "hello world" },
    { metadata: { user: { name: "Eric", id: "user_1234" }, date: new Date() } },
  );
  const run = await runs.retrieve(handle.id);
  const done: number = run.metadata?.progress.done ?? 0;
  logger.log("run", { name: run.metadata?.user.name, all: run.metadata, done });
  const byHandle = await runs.retrieve(handle);
  const message: string | undefined = byHandle.output?.message;
  logger.log(message ?? "no output");
  await tasks.trigger<typeof myTask>(
    "my-task",
    { message: "hello" },
    { metadata: { user: { name: "Eric" } } },
  );

  // @ts-expect-error a top-level list is no metadata
  await myTask.trigger({ message: "hello world" }, { metadata: [{ user: { name: "Eric" } }] });
  // @ts-expect-error nor is a string
  await myTask.trigger({ message: "hello world" }, { metadata: "this is the metadata" });
  // What is inside is checked at the call: a function and a class instance throw there.
  await myTask.trigger(
    { message: "hello world" },
    { metadata: { user: () => "Eric", other: new HelloWorld() } },
  );
}
