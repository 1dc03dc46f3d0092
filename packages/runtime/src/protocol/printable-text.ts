/** True when text has no control characters and no half of a surrogate pair: it survives headers, logs and databases. */
export function isPrintable(text: string): boolean {
  return !/[\p{Control}\p{Surrogate}]/u.test(text);
}
