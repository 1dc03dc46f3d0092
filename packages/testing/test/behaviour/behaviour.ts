import type { BackendName, Reply, ScriptedEndpoint } from "../../src/index.ts";
import { scriptedEndpoint } from "../../src/index.ts";

/** Where a case is tried. */
export interface Place {
  readonly backend: BackendName;
  /** An endpoint on this backend. */
  endpoint(...replies: readonly Reply[]): ScriptedEndpoint;
}

/** Where the contract lets one backend differ: why, and what is seen there. */
export interface Exception {
  readonly why: string;
  readonly expected: unknown;
}

/** Something that code in a run can rely on, whatever answers it. */
export interface Behaviour {
  readonly name: string;
  /** Does it, and gives what a test would look at. */
  readonly observe: (place: Place) => Promise<unknown>;
  readonly expected: unknown;
  readonly except?: Partial<Readonly<Record<BackendName, Exception>>>;
}

/** A place on a backend. */
export function placeOn(backend: BackendName): Place {
  return { backend, endpoint: (...replies) => scriptedEndpoint(replies, { backend }) };
}

/** What must be seen of a case on a backend. */
export function expectedOn({ expected, except }: Behaviour, backend: BackendName): unknown {
  return (except?.[backend] ?? { expected }).expected;
}
