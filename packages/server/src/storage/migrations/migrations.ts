import { runsMigration } from "./000001-runs.ts";
import { runOptionsMigration } from "./000002-run-options.ts";
import type { Migration } from "./migration.ts";

/** Every step of the schema, in order. */
export const migrations: readonly Migration[] = [runsMigration, runOptionsMigration];
