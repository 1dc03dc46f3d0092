/** An error as it is stored with the run. */
export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly stackTrace?: string;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null) return JSON.stringify(value) ?? String(value);
  return String(value);
}

function describe(thrown: unknown): ErrorDescription {
  const { name, message, stack } =
    typeof thrown === "object" && thrown !== null
      ? (thrown as { name?: unknown; message?: unknown; stack?: unknown })
      : { name: undefined, message: undefined, stack: undefined };
  return {
    name: typeof name === "string" && name !== "" ? name : "Error",
    message: typeof message === "string" ? message : textOf(thrown),
    ...(typeof stack === "string" ? { stackTrace: stack } : {}),
  };
}

/** Describes whatever was thrown: an Error, a string, an object, also one whose properties cannot be read. */
export function describeError(thrown: unknown): ErrorDescription {
  try {
    return describe(thrown);
  } catch {
    return { name: "Error", message: "A value was thrown that cannot be described" };
  }
}
