import type { OutputOf, PayloadOf, RetrievedRun } from "./run-record.ts";
import { openStream } from "./streams.ts";

/** A run that has changed, or a chunk of one of its streams. */
export type RunWithStreams<Run, Streams extends object> =
  | { readonly type: "run"; readonly run: RetrievedRun<PayloadOf<Run>, OutputOf<Run>> }
  | {
      readonly [Key in keyof Streams]: {
        readonly type: Key;
        readonly chunk: Streams[Key];
        readonly run: RetrievedRun<PayloadOf<Run>, OutputOf<Run>>;
      };
    }[keyof Streams];

/**
 * A run as it changes, with the chunks of its streams in between. Of each one item is asked for at a time, so what the
 * loop does not take is not fetched. Ends when the run and its streams have ended.
 */
export async function* runWithStreams<Run, Streams extends object>(
  runs: AsyncIterable<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>>,
  signal: AbortSignal,
): AsyncGenerator<RunWithStreams<Run, Streams>, void, undefined> {
  type Item = RunWithStreams<Run, Streams>;
  type Source = AsyncIterator<Item>;
  const pending = new Map<
    Source,
    Promise<{ readonly source: Source; readonly next: IteratorResult<Item> }>
  >();
  const ask = (source: Source) =>
    pending.set(
      source,
      source.next().then((next) => ({ source, next })),
    );
  const known = new Set<string>();
  ask(mapped(runs, (run) => ({ type: "run", run }) as const));
  try {
    while (pending.size > 0) {
      const { source, next } = await Promise.race(pending.values());
      if (next.done === true) {
        pending.delete(source);
        continue;
      }
      if (next.value.type === "run") {
        const { run } = next.value;
        for (const key of run.realtimeStreams ?? []) {
          if (known.has(key)) continue;
          known.add(key);
          // The types of the chunks are the caller's word.
          ask(mapped(openStream(run.id, key, { signal }), (chunk) => ({ type: key, chunk, run }) as Item));
        }
      }
      yield next.value;
      ask(source);
    }
  } finally {
    for (const source of pending.keys()) void source.return?.();
  }
}

async function* mapped<From, To>(source: AsyncIterable<From>, map: (item: From) => To): AsyncGenerator<To> {
  for await (const item of source) yield map(item);
}
