import type { Drop } from "@runmeta/runtime";
import { type ExpectStatic, expect as vitestExpect } from "vitest";
import type { RecordedHook } from "../test-run.ts";
import { toHaveDropped } from "./drops-matcher.ts";
import { toHaveFlushed } from "./flush-matcher.ts";
import { toHaveRunHooks } from "./hooks-matcher.ts";
import { toHaveMetadata } from "./metadata-matcher.ts";

/** What `expect` can say about a run once `@runmeta/testing/vitest` is imported. Numbers and values may be asymmetric matchers. */
export interface RunMatchers {
  /**
   * The document has at least these keys with these values (as `toMatchObject`). Takes a run, a retrieved run, or
   * `metadata` inside a run.
   */
  toHaveMetadata(partial: object): void;
  /** The document has something under a key, or under a `$.` path; with `value`, exactly that. */
  toHaveMetadata(key: string, value?: unknown): void;
  // For asymmetric and promised matchers, whose types are made of the last signature alone.
  toHaveMetadata(partial: object | string, value?: unknown): void;
  /**
   * Every write is stored: none is pending, none was dropped. With `times`, so many batches were stored, however often
   * each had to be sent.
   */
  toHaveFlushed(options?: { readonly times?: unknown }): void;
  /** Exactly these hooks were called, in this order: names, or parts of `{ hook, source, attempt }`. */
  toHaveRunHooks(hooks: readonly (string | Partial<RecordedHook>)[] | object): void;
  /** So many writes were lost, any at all, or among them one like this. */
  toHaveDropped(expected?: number | Partial<Drop> | object): void;
}

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: a merged declaration repeats the type parameters of the first
  interface Matchers<T = any> extends RunMatchers {}
}

/** Vitest's own `expect`, once this is imported with the matchers of {@link RunMatchers}. */
export const expect: ExpectStatic = vitestExpect;

expect.extend({ toHaveMetadata, toHaveFlushed, toHaveRunHooks, toHaveDropped });
