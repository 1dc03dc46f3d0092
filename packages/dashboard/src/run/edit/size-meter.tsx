interface SizeMeterProps {
  /** Undefined while there is no document to count. */
  readonly bytes: number | undefined;
  /** Undefined where the server did not say. */
  readonly limitBytes: number | undefined;
}

/** From this share of the limit on it warns. */
const NEAR = 0.9;

/** What a document takes of what it may take. */
export function SizeMeter({ bytes, limitBytes }: SizeMeterProps) {
  const share = bytes === undefined || limitBytes === undefined ? 0 : bytes / limitBytes;
  const state = share > 1 ? "over" : share >= NEAR ? "near" : "fine";
  return (
    <div className="size-meter" data-state={state}>
      <span className="size-track" aria-hidden="true">
        <span className="size-fill" style={{ transform: `scaleX(${Math.min(1, share)})` }} />
      </span>
      <span className="number" role="status">
        {bytes === undefined ? "–" : bytes.toLocaleString("en")}
        {limitBytes === undefined ? " bytes" : ` of ${limitBytes.toLocaleString("en")} bytes`}
        {state === "over" && bytes !== undefined && limitBytes !== undefined
          ? `: ${(bytes - limitBytes).toLocaleString("en")} too many`
          : null}
      </span>
    </div>
  );
}
