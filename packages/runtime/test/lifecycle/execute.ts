import { encodePacket } from "../../src/client/packet.ts";
import {
  type AttemptOutcome,
  type ExecuteAttemptOptions,
  executeAttempt,
} from "../../src/lifecycle/execute-attempt.ts";
import type { RunDescription } from "../../src/lifecycle/task-context.ts";
import { requireTask } from "../../src/lifecycle/task-registry.ts";
import type { Warning } from "../../src/options.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { memoryTarget } from "../../src/target/memory-target.ts";

let runs = 0;

/** What `execute` takes besides the task and its payload. */
export type ExecuteOptions = Partial<Omit<ExecuteAttemptOptions, "run" | "task">> & {
  readonly run?: Partial<RunDescription>;
  readonly metadata?: JsonObject;
};

/** Describes a run of a registered task, whose document is in memory. */
export async function describeRun(payload: unknown, options: ExecuteOptions = {}) {
  const warnings: Warning[] = [];
  const metadata = options.metadata ?? {};
  const target = memoryTarget(metadata);
  const run: RunDescription = {
    id: `run_test${(runs += 1)}`,
    attempt: 1,
    payload: await encodePacket(payload),
    metadata,
    ...options.run,
  };
  const { run: _, metadata: __, ...rest } = options;
  const given = {
    target,
    ...rest,
    run,
    metadataOptions: {
      onWarning: (warning: Warning) => void warnings.push(warning),
      ...options.metadataOptions,
    },
  };
  return { given, target, warnings, document: () => target.document() };
}

/** Executes one attempt of a registered task. */
export async function execute(
  task: { readonly id: string },
  payload: unknown,
  options: ExecuteOptions = {},
): Promise<{ outcome: AttemptOutcome; document: JsonObject; warnings: readonly Warning[] }> {
  const { given, document, warnings } = await describeRun(payload, options);
  const outcome = await executeAttempt({ ...given, task: requireTask(task.id) });
  return { outcome, document: document(), warnings };
}
