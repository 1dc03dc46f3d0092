import type { TaskDefinition } from "@runmeta/runtime/worker";
import type { TaskAnnouncement } from "../service/announce-tasks.ts";
import type { RunRow } from "../storage/storage.ts";
import type { Place } from "./concurrency.ts";

/** The queue that a task's runs join unless their trigger names another one. */
export function queueOf(task: TaskDefinition): string {
  const { queue } = task.settings;
  const name = typeof queue === "string" ? queue : queue?.name;
  return name ?? `task/${task.id}`;
}

/** What a worker says about a task. */
export function describeTask(task: TaskDefinition, tasks: readonly TaskDefinition[]): TaskAnnouncement {
  const queue = queueOf(task);
  const { ttl, queue: defined } = task.settings;
  // Who only names a queue does not know its limit.
  const otherwise = typeof defined === "string" ? undefined : null;
  return { id: task.id, queue, concurrencyLimit: limitOf(queue, tasks) ?? otherwise, ttl };
}

/** Where a run takes its turn, by the queues that the loaded tasks define. */
export function placeOf(run: RunRow, tasks: readonly TaskDefinition[]): Place {
  const queue = run.queue ?? `task/${run.task}`;
  return { key: `${queue}\n${run.concurrencyKey ?? ""}`, limit: limitOf(queue, tasks) };
}

/** Names of queues that let nothing through: `concurrencyLimit: 0`. */
export function pausedQueues(tasks: readonly TaskDefinition[]): string[] {
  return [...new Set(tasks.map(queueOf))].filter((queue) => limitOf(queue, tasks) === 0);
}

function limitOf(queue: string, tasks: readonly TaskDefinition[]): number | undefined {
  for (const task of tasks) {
    const defined = task.settings.queue;
    if (typeof defined === "object" && defined.concurrencyLimit !== undefined && queueOf(task) === queue)
      return defined.concurrencyLimit;
  }
  return undefined;
}
