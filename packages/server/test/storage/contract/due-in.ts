/** A moment so many milliseconds from now. */
export function dueIn(ms: number): Date {
  return new Date(Date.now() + ms);
}
