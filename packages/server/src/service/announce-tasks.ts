import type { QueueLimit, Storage } from "../storage/storage.ts";

/** What a worker says about a task that it executes. */
export interface TaskAnnouncement {
  readonly id: string;
  /** The queue that its runs join unless their trigger names another one; `task/<id>` unless given. */
  readonly queue?: string | undefined;
  /** Runs of that queue that may execute at once, for each concurrency key; null: any number, undefined: not known here. */
  readonly concurrencyLimit?: number | null | undefined;
  readonly ttl?: string | number | undefined;
}

/** Stores what workers say: the last word about a task counts, and about a queue's limit too. Repeatable. */
export async function announceTasks(
  environment: string,
  tasks: readonly TaskAnnouncement[],
  storage: Storage,
): Promise<void> {
  const limits = new Map<string, QueueLimit>();
  for (const { id, queue = `task/${id}`, concurrencyLimit } of tasks) {
    if (concurrencyLimit !== undefined)
      limits.set(queue, { queue, concurrencyLimit: concurrencyLimit ?? undefined });
  }
  const byId = new Map(tasks.map(({ id, queue, ttl }) => [id, { task: id, queue, ttl }]));
  await storage.announceTasks(environment, [...byId.values()], [...limits.values()]);
}
