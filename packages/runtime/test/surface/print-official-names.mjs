// Prints what every name of the official SDK is: { "runs.list": "function", … }, for its root and for /v3.
import * as sdk from "@trigger.dev/sdk";
import * as v3 from "@trigger.dev/sdk/v3";

/** The names of an object's members, those of its classes included. */
function memberNames(value) {
  const names = new Set(Object.keys(value));
  for (
    let at = Object.getPrototypeOf(value);
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  )
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  names.delete("constructor");
  return [...names];
}

/** Members of functions and classes are not looked at. */
function describe(value, path, holders, found) {
  if (typeof value !== "object" || value === null) found[path] = typeof value;
  else if (!holders.includes(value))
    for (const name of memberNames(value))
      describe(value[name], path === "" ? name : `${path}.${name}`, [...holders, value], found);
  return found;
}

process.stdout.write(
  JSON.stringify({ root: describe({ ...sdk }, "", [], {}), v3: describe({ ...v3 }, "", [], {}) }),
);
