/** Same names as `@runmeta/runtime`: code written for `@trigger.dev/sdk/v3` runs when that name is an alias of this package. */
export * from "./index.ts";
