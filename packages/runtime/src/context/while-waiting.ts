import { currentScope } from "./context-storage.ts";

/** What a run waits for. */
export type TaskWait =
  | { readonly type: "duration"; readonly date: Date }
  | { readonly type: "task"; readonly runId: string }
  | { readonly type: "batch"; readonly batchId: string; readonly runCount: number };

/** Told when a run starts to wait and when it goes on; neither may reject. */
export interface WaitListener {
  onWait(wait: TaskWait): Promise<void>;
  onResume(wait: TaskWait): Promise<void>;
}

/** Where a run keeps its listener, in `scope.attachments`. */
export const waitListenerKey: symbol = Symbol.for("runmeta.wait-listener");

/** Waits by `body`, and tells the current run's listener before and after it: hooks run, an engine frees the place. */
export async function whileWaiting<T>(wait: TaskWait, body: () => Promise<T>): Promise<T> {
  // Whoever opens a run puts a WaitListener there.
  const listener = currentScope()?.attachments.get(waitListenerKey) as WaitListener | undefined;
  if (listener === undefined) return body();
  await listener.onWait(wait);
  try {
    return await body();
  } finally {
    await listener.onResume(wait);
  }
}
