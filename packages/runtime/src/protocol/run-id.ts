/** The form of a run id. */
export const runIdPattern = /^run_[A-Za-z0-9_-]{1,64}$/;

/** True for a well-formed run id: `run_` and 1 to 64 letters, digits, `_` or `-`. Anything else never reaches storage. */
export function isRunId(text: string): boolean {
  return runIdPattern.test(text);
}
