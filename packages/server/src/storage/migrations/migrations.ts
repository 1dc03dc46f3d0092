import { runsMigration } from "./000001-runs.ts";
import { runOptionsMigration } from "./000002-run-options.ts";
import { sessionsMigration } from "./000003-sessions.ts";
import { recordsMigration } from "./000004-records.ts";
import { packetsMigration } from "./000005-packets.ts";
import { runVersionsMigration } from "./000006-run-versions.ts";
import { ttlTextMigration } from "./000007-ttl-text.ts";
import { apiKeysMigration } from "./000008-api-keys.ts";
import { metadataHistoryMigration } from "./000009-metadata-history.ts";
import { runStreamsMigration } from "./000010-run-streams.ts";
import { documentLeavesMigration } from "./000011-document-leaves.ts";
import { queueEngineMigration } from "./000012-queue-engine.ts";
import { retentionMigration } from "./000013-retention.ts";
import { lostJobsMigration } from "./000014-lost-jobs.ts";
import type { Migration } from "./migration.ts";

/** Every step of the schema, in order. */
export const migrations: readonly Migration[] = [
  runsMigration,
  runOptionsMigration,
  sessionsMigration,
  recordsMigration,
  packetsMigration,
  runVersionsMigration,
  ttlTextMigration,
  apiKeysMigration,
  metadataHistoryMigration,
  runStreamsMigration,
  documentLeavesMigration,
  queueEngineMigration,
  retentionMigration,
  lostJobsMigration,
];
