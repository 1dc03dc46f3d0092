import { mockedRuns } from "./mocked-runs.ts";
import { putThroughput } from "./put-throughput.ts";
import { writePath } from "./write-path.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const cases = await writePath(rounds);

console.log(`Node ${process.version}, median of ${rounds} rounds, CPU time an operation\n`);
console.log("| what | @trigger.dev/core 4.8.3 | runmeta | cheaper by |");
console.log("|---|---|---|---|");
for (const { name, oursNs, peerNs, ratio } of cases) {
  const times = ratio >= 100 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(1);
  console.log(
    `| ${name} | ${(peerNs / 1_000).toFixed(2)} µs | ${(oursNs / 1_000).toFixed(3)} µs | ${times}x |`,
  );
}

console.log("\n| a mocked run, endpoint in memory | CPU time more than calling the function |");
console.log("|---|---|");
for (const { name, overheadMs } of await mockedRuns(rounds)) {
  console.log(`| ${name} | ${overheadMs.toFixed(2)} ms |`);
}

for (const connections of [64, 512]) {
  console.log(`\n1 KB updates over HTTP, ${connections} connections, acknowledged after the commit\n`);
  console.log("| server | PUT/s | share of bare HTTP |");
  console.log("|---|---|---|");
  for (const { name, perSecond, share } of await putThroughput(connections, process.env.TEST_DATABASE_URL)) {
    console.log(`| ${name} | ${Math.round(perSecond).toLocaleString("en")} | ${Math.round(share * 100)} % |`);
  }
}
