import type { ApiKeyRow, ApiKeyStorage, NewApiKey } from "./api-key-storage.ts";
import type { SqlClient } from "./sql-client.ts";

const REPEATABLE = { repeatable: true } as const;

interface ApiKeyRecord {
  readonly id: string;
  readonly environment: string;
  readonly read_only: boolean;
  readonly sealed: string;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

/** Secret keys over any client that speaks PostgreSQL's dialect. */
export function apiKeyStatements(client: () => SqlClient): ApiKeyStorage {
  return {
    insertApiKey: async (key) => insertApiKey(client(), key),
    listApiKeys: async () => listApiKeys(client()),
    revokeApiKey: async (id) => revokeApiKey(client(), id),
  };
}

async function insertApiKey(client: SqlClient, key: NewApiKey): Promise<void> {
  await client.query(
    "INSERT INTO api_keys (id, environment, read_only, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [key.id, key.environment, key.readOnly, key.sealed],
    REPEATABLE,
  );
}

async function listApiKeys(client: SqlClient): Promise<ApiKeyRow[]> {
  const { rows } = await client.query<ApiKeyRecord>(
    "SELECT * FROM api_keys ORDER BY created_at DESC, id",
    [],
    REPEATABLE,
  );
  return rows.map((row) => ({
    id: row.id,
    environment: row.environment,
    readOnly: row.read_only,
    sealed: row.sealed,
    createdAt: row.created_at,
    revokedAt: row.revoked_at ?? undefined,
  }));
}

async function revokeApiKey(client: SqlClient, id: string): Promise<boolean> {
  const { affectedRows } = await client.query(
    "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()), sealed = '' WHERE id = $1",
    [id],
    REPEATABLE,
  );
  return affectedRows === 1;
}
