/** A key as errors show it, as a path from the document: `status` is `$.status`, a key that is a path stays as it is. */
export function pathOfKey(key: string): string {
  return key.startsWith("$.") ? key : `$${pathStep(key)}`;
}

/** One step of a path as errors show it: `.name`, or `["odd name"]`; long names are cut. */
export function pathStep(name: string | number): string {
  const text = String(name);
  const shown = text.length > 60 ? `${text.slice(0, 60)}\u2026` : text;
  return /^[\w$-]+\u2026?$/.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
}
