/** A wrong command line, a missing file: the message is for the person who typed it. */
export class CliError extends Error {
  override name = "CliError";
}

/** An error as one readable line; with `RUNMETA_DEBUG` set, its stack instead. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  if (process.env.RUNMETA_DEBUG) return error.stack ?? error.message;
  return oneLine(error.message || error.name);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, " ").trim();
}
