import { runsMigration } from "./000001-runs.ts";
import { sessionsMigration } from "./000002-sessions.ts";
import type { Migration } from "./migration.ts";

/** Every step of the schema, in order. */
export const migrations: readonly Migration[] = [runsMigration, sessionsMigration];
