// biome-ignore-all lint/suspicious/noExplicitAny: only `any` stands for types that their package does not let others name
import type { Task } from "./task-handle.ts";

/**
 * A task where it is defined. `typeof myTask` may stand where the types of the official packages want a task of theirs,
 * as in `useRealtimeRun<typeof myTask>` of `@trigger.dev/react-hooks`.
 */
export type DefinedTask<TId extends string, TPayload, TOutput> = {
  // The official calls return types with private symbols and members, which nobody else can write down. These promise
  // them and match no call; the task's own stand after them, where TypeScript reads what it takes and gives.
  trigger(this: "the payload is missing"): Promise<any>;
  triggerAndWait(this: "the payload is missing"): any;
  triggerAndSubscribe(this: "the payload is missing"): any;
  batchTrigger(this: "the items are missing"): Promise<any>;
  batchTriggerAndWait(this: "the items are missing"): Promise<any>;
} & Task<TId, TPayload, TOutput>;
