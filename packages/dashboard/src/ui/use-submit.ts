import { useState } from "react";
import type { Answer, Fault } from "../api/fault.ts";

/** A call of the server that a button makes, and how it stands. */
export interface Submit {
  readonly busy: boolean;
  /** What the last try ended with. */
  readonly fault: Fault | undefined;
  submit(): Promise<void>;
}

/**
 * @param send makes the call; `undefined` when there is nothing to make, or nobody is interested any more
 * @param onDone what was asked for is done
 */
export function useSubmit<Value>(
  send: () => Promise<Answer<Value> | undefined>,
  onDone: (value: Value, headers: Headers) => void,
): Submit {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  return {
    busy,
    fault,
    async submit() {
      if (busy) return;
      setBusy(true);
      setFault(undefined);
      const answer = await send();
      setBusy(false);
      if (answer?.ok) onDone(answer.value, answer.headers);
      else setFault(answer?.fault);
    },
  };
}
