import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** What tells one process from every other, as far as the system says. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Changes with each boot of the machine; absent where the system does not tell (not Linux). */
  readonly bootId?: string;
  /** Start of the process in clock ticks since boot; tells a reused pid apart. Absent where the system does not tell. */
  readonly startTicks?: string;
}

/** This process. */
export function currentProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    host: hostname(),
    ...optional("bootId", bootId()),
    ...optional("startTicks", startTicks(process.pid)),
  };
}

/**
 * Whether a process that was recorded earlier may still run. "unknown" when it ran on another host, where nothing
 * can be asked about it.
 */
export function processState(identity: ProcessIdentity): "running" | "ended" | "unknown" {
  if (identity.host !== hostname()) return "unknown";
  const boot = bootId();
  if (boot !== undefined && identity.bootId !== undefined && boot !== identity.bootId) return "ended";
  if (!pidExists(identity.pid)) return "ended";
  const ticks = startTicks(identity.pid);
  const reused = ticks !== undefined && identity.startTicks !== undefined && ticks !== identity.startTicks;
  return reused ? "ended" : "running";
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function bootId(): string | undefined {
  return readText("/proc/sys/kernel/random/boot_id")?.trim();
}

function startTicks(pid: number): string | undefined {
  // The command in parentheses may hold anything, so fields are counted from behind it; the start is number 22.
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  // The computed key is K by construction.
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };
}
