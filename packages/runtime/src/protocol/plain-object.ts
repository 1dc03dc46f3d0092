/**
 * True for an object whose members are all there is to it: made by a literal, by `JSON.parse` or with no prototype, in
 * this realm or another one (a `vm` context, an iframe). Not for lists.
 */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // Only the root prototype of a realm has this member of its own.
  return typeof prototype === "object" && Object.hasOwn(prototype, "isPrototypeOf");
}

/**
 * The primitive in a boxed one (`new Number(1)`), which JSON prints as the primitive itself; undefined for other objects.
 * Told by the internal slot, so that neither another realm nor a changed prototype matters.
 */
export function unboxed(value: object): string | number | boolean | bigint | undefined {
  if (holds(Number.prototype.valueOf, value)) return Number(value);
  if (holds(String.prototype.valueOf, value)) return String(value);
  if (holds(Boolean.prototype.valueOf, value)) return Boolean.prototype.valueOf.call(value);
  return holds(BigInt.prototype.valueOf, value) ? BigInt.prototype.valueOf.call(value) : undefined;
}

/**
 * Why an object that is neither plain nor a list cannot be kept, and what to store instead; undefined when it can.
 *
 * @param trusted its own `toJSON` answered with the object itself, so an instance of a class may pass
 */
export function hintFor(value: object, trusted: boolean): string | undefined {
  const name = className(value);
  const hint = hints.get(name);
  if (hint !== undefined) return `${article(name)} cannot be kept as JSON; ${hint}`;
  if (ArrayBuffer.isView(value))
    return `${article(name)} cannot be kept as JSON; store [...value] or a base64 text`;
  if (trusted) return undefined;
  if (value instanceof Error) return "an error cannot be kept as JSON; store { name, message } of it";
  return `an instance of ${name === "" ? "a class" : `class ${name}`} without toJSON cannot be kept as JSON; give it a toJSON method or store a plain object, for example { ...value }`;
}

const hints = new Map([
  ["Map", "store Object.fromEntries(map)"],
  ["Set", "store [...set]"],
  ["WeakMap", "store plain data"],
  ["WeakSet", "store plain data"],
  ["WeakRef", "store plain data"],
  ["RegExp", "store its source"],
  ["Promise", "await it first"],
  ["ArrayBuffer", "store a base64 text"],
  ["SharedArrayBuffer", "store a base64 text"],
]);

function holds(read: () => unknown, value: object): boolean {
  try {
    read.call(value);
    return true;
  } catch {
    return false;
  }
}

function className(value: object): string {
  const made = value.constructor;
  return typeof made === "function" ? made.name : "";
}

function article(name: string): string {
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
