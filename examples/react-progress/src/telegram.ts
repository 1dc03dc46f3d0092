/** What backend and page have to agree on. */

/** The tag of every run of {@link TASK}. */
export const TAG = "telegram";

export const TASK = "send-telegram";

/** One part of a run's stream `morse`. */
export type KeyedWord = { word: string; code: string };

/** What `POST /tokens` answers: two tokens, each for as little as possible. */
export interface Tokens {
  /** Where the API is: another origin than the page's. */
  readonly apiUrl: string;
  /** Triggers {@link TASK}, once. */
  readonly trigger: string;
  /** Reads runs that have the tag {@link TAG}. */
  readonly read: string;
}
