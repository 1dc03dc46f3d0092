import { useSyncExternalStore } from "react";

/** Whether what is shown is of now. */
export interface ConnectionState {
  /** `live`: the last try was answered. `lost`: it was not, and is repeated. `none`: nothing has been asked yet. */
  readonly status: "none" | "live" | "lost";
  /** Of the last good answer, in milliseconds since 1970; 0 before the first. */
  readonly lastGoodAt: number;
}

/**
 * What the pages know of their connection. Whoever reads live data (a poll, an event stream) says how it went; the shell
 * shows it, and clocks on the page stand still while it is lost.
 */
class Connection {
  #state: ConnectionState = { status: "none", lastGoodAt: 0 };
  readonly #listeners = new Set<() => void>();

  /** An answer came, or an event, or a sign of life of the stream. */
  good(): void {
    this.#set({ status: "live", lastGoodAt: Date.now() });
  }

  /** No answer, or the stream broke. */
  lost(): void {
    if (this.#state.status !== "lost") this.#set({ ...this.#state, status: "lost" });
  }

  /** A page is left: nobody asks until the next one does. */
  rest(): void {
    this.#set({ status: "none", lastGoodAt: 0 });
  }

  readonly state = (): ConnectionState => this.#state;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** There is one server behind a tab. */
export const connection = new Connection();

/** The state, kept current. */
export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.listen, connection.state);
}
