/** Hears and tells other servers which runs changed. */
export interface RunAnnouncements {
  announce(ids: readonly string[]): void;
  subscribe(listener: (ids: readonly string[] | undefined) => void): () => void;
  /** Connects in the background, and again whenever the connection is lost. */
  open(): void;
  /** Tells what is still waiting to be told, if that takes no longer than a second. */
  close(): Promise<void>;
}

/** For a database that no other server can have open. */
export const noAnnouncements: RunAnnouncements = {
  announce: () => undefined,
  subscribe: () => () => undefined,
  open: () => undefined,
  close: async () => undefined,
};
