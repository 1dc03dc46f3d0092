import { configure, metadata, runs } from "@runmeta/runtime";
import { bullmqProcessor, bullmqRunId } from "@runmeta/runtime/bullmq";
import { createServer, pgliteStorage } from "@runmeta/server";
import { type Job, Queue, QueueEvents, Worker } from "bullmq";

const { REDIS_URL } = process.env;
if (REDIS_URL === undefined) {
  console.error(
    "Set REDIS_URL, for example redis://127.0.0.1:6379 after: docker run --rm -p 6379:6379 redis:8",
  );
  process.exit(1);
}
const connection = { url: REDIS_URL, maxRetriesPerRequest: null };

// The server: in this process and in memory here; `npx runmeta serve` runs one for all your machines.
const server = await createServer({ storage: pgliteStorage({}) });
await server.listen({ port: 0 });
configure({ baseURL: server.url, accessToken: server.secretKey });

// The worker. `resizeImages` knows nothing of the queue, and its second image is broken at the first attempt.
async function resizeImages(images: string[], attempt: number) {
  const progress = metadata.progress(images.length);
  for (const image of images) {
    metadata.set("image", image);
    if (image === "b.png" && attempt === 1) throw new Error(`${image} could not be read`);
    progress.advance();
  }
}

type Images = Job<{ images: string[] }>;
const name = `images-${process.pid}`;
const worker = new Worker(
  name,
  bullmqProcessor(
    async (job: Images) => {
      metadata.increment("attempts");
      await resizeImages(job.data.images, job.attemptsMade + 1);
      return { resized: job.data.images.length };
    },
    { mirror: "progress" },
  ),
  { connection },
);

// Who adds the job knows its run's id, and can watch it over HTTP. BullMQ's own progress event shows the same.
const queue = new Queue(name, { connection });
const events = new QueueEvents(name, { connection });
events.on("progress", ({ data }) =>
  console.log("progress event:", (data as { percent: number }).percent, "%"),
);
await events.waitUntilReady();
const job: Images = await queue.add("resize", { images: ["a.png", "b.png", "c.png"] }, { attempts: 2 });
await job.waitUntilFinished(events);

const run = await runs.retrieve(await bullmqRunId({ queueName: name, prefix: "bull", id: job.id ?? "" }));
console.log(run.status, "in attempt", run.attemptCount, run.output, run.metadata);

await worker.close();
await events.close();
await queue.obliterate();
await queue.close();
await server.close();
