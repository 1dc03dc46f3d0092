import { NotSupportedError } from "./errors.ts";

/**
 * A name of the official SDK that is not implemented here, and everything below it. Calling it, or making one with
 * `new`, throws `NotSupportedError`, which says what to do instead; importing it and asking `instanceof` are fine.
 */
export interface Refused {
  (...args: readonly unknown[]): never;
  new (...args: readonly unknown[]): never;
  readonly [member: string]: Refused;
}

/** A class, not a function: it can be called, made and asked `instanceof` where a proxy stands before it. */
class Unsupported {}

/** What every stand-in does; made once a name, so it is small: there are fifty of them in every process. */
class Refusal implements ProxyHandler<typeof Unsupported> {
  readonly #feature: string;
  readonly #hint: string;

  constructor(feature: string, hint: string) {
    this.#feature = feature;
    this.#hint = hint;
  }

  apply(): never {
    throw new NotSupportedError(this.#feature, this.#hint);
  }

  construct(): never {
    return this.apply();
  }

  get(target: typeof Unsupported, member: string | symbol): unknown {
    // `then`: whoever awaits a namespace must not call it.
    const inherited = typeof member === "symbol" || member === "then" || Reflect.has(target, member);
    return inherited ? Reflect.get(target, member) : refused(`${this.#feature}.${member}`, this.#hint);
  }
}

/**
 * Stands in for a function, a class or a namespace. No member is written down, so that whatever the official one has
 * is refused under its own name (`schedules.create`). A bundler leaves out those that nobody uses.
 */
/* @__NO_SIDE_EFFECTS__ */
export function refused(feature: string, hint: string): Refused {
  return new Proxy(Unsupported, new Refusal(feature, hint)) as unknown as Refused;
}
