/** Where runs wait, and how many of one queue execute at once. */
export interface QueueOptions {
  /** Unique in the project. */
  readonly name?: string | undefined;
  /** Runs that execute at the same time (0 or more); the engine that executes them decides how it is kept. */
  readonly concurrencyLimit?: number | undefined;
}

/** A queue that tasks can share. */
export interface Queue extends QueueOptions {
  readonly name: string;
}

/**
 * Defines a queue that several tasks can share.
 *
 * @example
 * const mails = queue({ name: "mails", concurrencyLimit: 5 });
 * task({ id: "send-mail", queue: mails, run: async () => {} });
 */
export function queue(options: Queue): Queue {
  return options;
}
