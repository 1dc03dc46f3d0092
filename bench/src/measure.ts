import { costLine, type Line } from "./table.ts";

interface Comparison {
  readonly name: string;
  readonly rounds: number;
  readonly ours: (index: number) => void;
  readonly peer: (index: number) => void;
  readonly goal?: number | undefined;
}

/** CPU time of this process, in nanoseconds: other processes on the machine do not count. */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

/** How often the body must be called for about 30 ms. */
function calibrate(body: (index: number) => void): number {
  for (let count = 8; ; count *= 2) {
    const start = cpuNs();
    for (let index = 0; index < count; index += 1) body(index);
    if (cpuNs() - start > 30e6) return count;
  }
}

function time(body: (index: number) => void, count: number): number {
  const start = cpuNs();
  for (let index = 0; index < count; index += 1) body(index);
  return (cpuNs() - start) / count;
}

/** Nanoseconds of CPU time an operation. Runs both in turn, so that whatever else the machine does falls on both. */
export async function measure({ name, rounds, ours, peer, goal }: Comparison): Promise<Line> {
  const oursCount = calibrate(ours);
  const peerCount = calibrate(peer);
  const oursNs: number[] = [];
  const peerNs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    oursNs.push(time(ours, oursCount));
    peerNs.push(time(peer, peerCount));
    // Lets flush timers run, as they would in a job.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return costLine(name, peerNs, oursNs, goal);
}
