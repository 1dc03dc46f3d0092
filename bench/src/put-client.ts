import { Agent, request } from "node:http";

/** A load of its own process: `put-client.ts <url> <key> <seconds> <connections>`; prints how many updates were acknowledged. */
const [, , url = "", key = "", seconds = "5", count = "64"] = process.argv;
const connections = Number(count);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const padding = "x".repeat(900);
const until = performance.now() + Number(seconds) * 1_000;
let acknowledged = 0;
let sequence = 0;

function put(runId: string): Promise<void> {
  sequence += 1;
  const body = JSON.stringify({
    operations: [
      { type: "set", key: "padding", value: padding },
      { type: "increment", key: "n", value: 1 },
    ],
    parentOperations: [],
    rootOperations: [],
  });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/api/v1/runs/${runId}/metadata`,
      {
        method: "PUT",
        agent,
        headers: {
          authorization: `Bearer ${key}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "x-trigger-request-idempotency-key": `${runId}.${sequence}`,
        },
      },
      (reply) => {
        reply.resume();
        reply.on("end", () => {
          if (reply.statusCode === 200) acknowledged += 1;
          resolve();
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

await Promise.all(
  Array.from({ length: connections }, async (_, connection) => {
    // A run has one client with one request under way, so each run belongs to one connection.
    while (performance.now() < until) await put(`run_bench${connection}`);
  }),
);
agent.destroy();
console.log(acknowledged);
