import { startBalancer } from "./balancer.ts";

/** `TARGETS=api1:3030,api2:3030 PORT=8080 tsx src/balance.ts` */
const targets = (process.env.TARGETS ?? "").split(",").map((target) => {
  const { hostname, port } = new URL(`http://${target}`);
  return { host: hostname, port: Number(port) };
});
const { url } = await startBalancer(targets, { host: "0.0.0.0", port: Number(process.env.PORT ?? 8080) });
process.stdout.write(`balancing ${targets.length} servers on ${url}\n`);
