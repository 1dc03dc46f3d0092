import type { Clock } from "../clock.ts";
import { ConfigError, HookTimeoutError } from "../errors.ts";
import type { BoundHook, HookParams, MiddlewareParams } from "./hooks.ts";

async function callFrom(
  middlewares: readonly BoundHook<"middleware">[],
  params: HookParams<unknown>,
  body: () => Promise<void>,
): Promise<void> {
  const [outermost, ...inner] = middlewares;
  if (outermost === undefined) return body();
  let inside: Promise<void> | undefined;
  const next: MiddlewareParams<unknown>["next"] = () => {
    // The same promise for every call, so that nothing inside runs twice.
    inside ??= callFrom(inner, params, body);
    // A middleware may leave it un-awaited; it is awaited below.
    inside.catch(() => {});
    return inside;
  };
  await outermost.call({ ...params, next });
  if (inside === undefined) {
    throw new ConfigError(`${outermost.label} returned without calling next(), so run was not called`);
  }
  await inside;
}

export interface MiddlewareChainOptions<T> {
  readonly middlewares: readonly BoundHook<"middleware">[];
  readonly params: HookParams<unknown>;
  readonly clock: Clock;
  /** How long the middlewares may take before and again after `body`, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the wait for middlewares that have not come to `body` yet. */
  readonly stopped: Promise<unknown>;
  /** What they wrap; must not reject. */
  readonly body: () => Promise<T>;
}

/** What `body` gave, if it was called, and the error of a middleware, if there was one. */
export interface MiddlewareChainEnd<T> {
  readonly inner: T | undefined;
  readonly problem: { readonly error: unknown } | undefined;
}

/**
 * Calls middlewares around `body`, the first outermost. A `next()` resolves when what is inside has ended. Middlewares
 * that hang are cut; when `body` has not been called by then, it never is. Never rejects.
 */
export async function runMiddlewares<T>(options: MiddlewareChainOptions<T>): Promise<MiddlewareChainEnd<T>> {
  const { middlewares, clock, timeoutMs } = options;
  if (middlewares.length === 0) return { inner: await options.body(), problem: undefined };

  // Changed inside callbacks, which the compiler does not follow.
  let state = "before" as "before" | "inside" | "after" | "abandoned";
  let inner: T | undefined;
  let cut: (error: unknown) => void = () => {};
  const abandoned = new Promise<never>((_, reject) => {
    cut = reject;
  });
  const startTimer = () =>
    clock.setTimer(() => cut(new HookTimeoutError("middleware", timeoutMs)), timeoutMs, {
      keepAlive: true,
      deadline: true,
    });
  let timer = startTimer();
  options.stopped.then(
    (reason) => {
      if (state === "before") cut(reason);
    },
    () => {},
  );
  const chain = callFrom(middlewares, options.params, async () => {
    if (state !== "before") return;
    state = "inside";
    timer.cancel();
    inner = await options.body();
    state = "after";
    timer = startTimer();
  });
  try {
    await Promise.race([chain, abandoned]);
    return { inner, problem: undefined };
  } catch (error) {
    // A middleware that failed while what it wraps still goes on has not ended the attempt.
    if (state === "inside") await chain.catch(() => {});
    return { inner, problem: { error } };
  } finally {
    state = "abandoned";
    timer.cancel();
  }
}
