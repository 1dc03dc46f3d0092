/** What can be streamed. */
export type StreamSource<T> = AsyncIterable<T> | ReadableStream<T>;

/** The items of a source, one at a time. Not every runtime's `ReadableStream` can be iterated. */
export function sourceItems<T>(source: StreamSource<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  const reader = (source as ReadableStream<T>).getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? { done: true, value: undefined } : { done: false, value };
    },
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
