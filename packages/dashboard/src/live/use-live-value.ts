import { useState } from "react";
import type { Answer, Fault } from "../api/fault.ts";
import { usePoll } from "./use-poll.ts";

/** One thing of the server, read again and again. */
export interface LiveValue<Value> {
  /** The newest answer; undefined before the first. */
  readonly value: Value | undefined;
  readonly headers: Headers | undefined;
  /** What the last try ended with. */
  readonly fault: Fault | undefined;
  /** Takes over what a write answered. */
  take(value: Value, headers: Headers): void;
}

/**
 * @param key another key is another thing
 * @param everyMs milliseconds between two looks
 */
export function useLiveValue<Value>(
  key: string,
  everyMs: number,
  read: (signal: AbortSignal) => Promise<Answer<Value> | undefined>,
): LiveValue<Value> {
  const [known, setKnown] = useState<{ value?: Value; headers?: Headers; fault?: Fault }>({});
  const take = (value: Value, headers: Headers) => setKnown({ value, headers });
  usePoll(key, everyMs, async (signal) => {
    const answer = await read(signal);
    if (answer?.ok) take(answer.value, answer.headers);
    else if (answer !== undefined) setKnown((before) => ({ ...before, fault: answer.fault }));
    return answer;
  });
  return { value: known.value, headers: known.headers, fault: known.fault, take };
}
