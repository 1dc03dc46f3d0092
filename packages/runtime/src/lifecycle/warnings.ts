import type { Drop, ResolvedMetadataOptions, Warning, WarningCode } from "../options.ts";

/** Says what went wrong in one run: at most once for each code, so that a loop cannot flood a log. */
export class Warnings {
  readonly #runId: string;
  readonly #onWarning: (warning: Warning) => void;
  #said: Set<WarningCode> | undefined;

  constructor(runId: string, options: Pick<ResolvedMetadataOptions, "onWarning">) {
    this.#runId = runId;
    this.#onWarning = options.onWarning ?? emitWarning;
  }

  warn(code: WarningCode, message: string): void {
    this.#said ??= new Set();
    if (this.#said.has(code)) return;
    this.#said.add(code);
    try {
      this.#onWarning({ runId: this.#runId, code, message });
    } catch (error) {
      // A broken listener must not end the job it reports about; it is reported itself.
      emitWarning({ runId: this.#runId, code, message: `${message} (onWarning threw: ${String(error)})` });
    }
  }

  /** Reports a loss, besides `onDrop`, which names each. */
  dropped(drop: Drop): void {
    const keys = drop.keys.map((key) => JSON.stringify(key)).join(", ");
    const said = drop.message === undefined ? "" : `: ${drop.message}`;
    if (drop.reason === "closed") {
      this.warn("WRITE_AFTER_CLOSE", `Metadata was written after its run had closed and is lost (${keys})`);
    } else {
      this.warn("DROPPED", `${drop.count} metadata writes are lost, ${drop.reason} (${keys})${said}`);
    }
  }
}

function emitWarning({ runId, code, message }: Warning): void {
  // workerd has no process.
  globalThis.process?.emitWarning?.(`${message} [${runId}]`, { type: "RunmetaWarning", code });
}
