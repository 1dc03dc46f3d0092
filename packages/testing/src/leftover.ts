/** Something that a run left behind: code that went on when its run was over. */
export interface Leftover {
  /** `late-write`: metadata was written after the run had closed, and lost. `timer`: something waits that nobody awaited. */
  readonly kind: "late-write" | "timer";
  /** Which run, what, and what to do. */
  readonly message: string;
}
