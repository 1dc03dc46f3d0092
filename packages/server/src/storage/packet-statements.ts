import type { SqlClient } from "./sql-client.ts";
import type { Packet } from "./storage.ts";
import { encodePacket, storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

/** Makes room for an upload. What nobody fetched is dropped on the way, an hour later than it expires: see `hasPacket`. */
export async function reservePacket(
  client: SqlClient,
  environment: string,
  id: string,
  keepSeconds: number,
): Promise<void> {
  await client.query(
    `WITH dropped AS (DELETE FROM packets WHERE expires_at < now() - interval '1 hour')
     INSERT INTO packets (id, environment, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second')
     ON CONFLICT DO NOTHING`,
    [id, environment, keepSeconds],
    REPEATABLE,
  );
}

/** Stores an upload; false when there is no room for it any more. */
export async function writePacket(client: SqlClient, id: string, packet: Packet): Promise<boolean> {
  const result = await client.query(
    "UPDATE packets SET packet = $2 WHERE id = $1 AND expires_at > now()",
    [storedName(id), encodePacket(packet)],
    REPEATABLE,
  );
  return result.affectedRows === 1;
}

/** True when an upload is complete and can be used; it stays for another hour at least. */
export async function hasPacket(client: SqlClient, environment: string, id: string): Promise<boolean> {
  const result = await client.query<{ id: string }>(
    "SELECT id FROM packets WHERE id = $1 AND environment = $2 AND packet IS NOT NULL AND expires_at > now()",
    [storedName(id), environment],
    REPEATABLE,
  );
  return result.rows.length === 1;
}
