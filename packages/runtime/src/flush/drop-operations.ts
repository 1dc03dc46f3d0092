import type { DropReason } from "../options.ts";
import type { Ledger } from "../store/ledger.ts";
import type { RemoteProblem, Target } from "../target/target.ts";
import { countCalls, keyOf, type Lists, openParcel, type Parcel } from "./parcel.ts";

/** Keys named in one drop. */
const NAMED_KEYS = 10;

/** Counts operations as lost and names them, one report for each document they were for (I12). */
export function dropOperations(
  ledger: Ledger,
  lists: Lists,
  reason: DropReason,
  message: string | undefined,
): void {
  for (const [target, list] of [
    ["self", lists.own],
    ["parent", lists.parent],
    ["root", lists.root],
  ] as const) {
    const keys = [...new Set(list.map((item) => keyOf(item.operation)))].slice(0, NAMED_KEYS);
    const count = list.reduce((sum, item) => sum + item.count, 0);
    ledger.drop({ reason, count, keys, target, ...(message === undefined ? {} : { message }) });
  }
}

/** Drops the parent or root operations of a batch that the endpoint did not take; gives how many calls they are. */
export function dropRemote(
  ledger: Ledger,
  target: Target,
  parcel: Parcel,
  refused: readonly RemoteProblem[],
): number {
  let calls = 0;
  for (const [name, message] of new Map(refused.map((problem) => [problem.target, problem.message]))) {
    const items = openParcel(target, parcel)[name];
    calls += countCalls(parcel.counts[name]);
    dropOperations(ledger, { own: [], parent: [], root: [], [name]: items }, "refused", message);
  }
  return calls;
}
