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

/**
 * Stands in for a function, a class or a namespace. No member is written down, so that whatever the official one has
 * is refused under its own name (`schedules.create`).
 */
export function refused(feature: string, hint: string): Refused {
  const refuse = (): never => {
    throw new NotSupportedError(feature, hint);
  };
  // A class can be called, made and asked `instanceof` where a proxy stands before it.
  const target = class {};
  return new Proxy(target, {
    apply: refuse,
    construct: refuse,
    get(_, member) {
      // `then`: whoever awaits a namespace must not call it.
      const inherited = typeof member === "symbol" || member === "then" || Reflect.has(target, member);
      return inherited ? Reflect.get(target, member) : refused(`${feature}.${member}`, hint);
    },
  }) as unknown as Refused;
}
