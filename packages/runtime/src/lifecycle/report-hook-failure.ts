import type { Warning } from "../options.ts";
import { describeError } from "./describe-error.ts";

/**
 * Reports hooks that failed without changing the outcome of their run: to `onWarning`, else as a process warning.
 * Each hook once an attempt: a failing `onWait` in a loop must not flood a log.
 */
export function hookFailureReporter(
  runId: string,
  onWarning: ((warning: Warning) => void) | undefined,
): (label: string, error: unknown) => void {
  const said = new Set<string>();
  return (label, error) => {
    if (said.has(label)) return;
    said.add(label);
    const { name, message } = describeError(error);
    const text = `${label} failed in run ${runId}, which goes on without it: ${name}: ${message}`;
    if (onWarning === undefined) {
      globalThis.process?.emitWarning?.(text, { type: "RunmetaWarning", code: "HOOK_FAILED" });
      return;
    }
    try {
      onWarning({ runId, code: "HOOK_FAILED", message: text });
    } catch {
      // Whoever listens for failures cannot be told about their own.
    }
  };
}
