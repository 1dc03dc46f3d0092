import type { RunStatus } from "@runmeta/runtime/protocol";
import { MARK_CHANGED } from "./run-row.ts";
import type { SqlClient } from "./sql-client.ts";
import { storedName } from "./stored-text.ts";
import type {
  NewChunks,
  StreamCreation,
  StreamRead,
  StreamStorage,
  StreamWriterId,
  StreamWriterState,
} from "./stream-storage.ts";

const REPEATABLE = { repeatable: true } as const;

/** One page: what a reader holds at once. A chunk that is larger comes alone. */
const PAGE_CHUNKS = 256;
const PAGE_BYTES = 1024 * 1024;
/** A writer that has been silent for longer is taken to be gone. */
const WRITER_SILENCE = "interval '60 seconds'";

/** Streams of runs over any client that speaks PostgreSQL's dialect. */
export function streamStatements(client: () => SqlClient): StreamStorage {
  return {
    createStream: async (runId, key, maxStreams) => createStream(client(), runId, key, maxStreams),
    openStreamWriter: async (writer) => openStreamWriter(client(), writer),
    nextChunkIndex: async (writer) => nextChunkIndex(client(), writer),
    appendChunks: async (chunks) => appendChunks(client(), chunks),
    endStreamWriter: async (writer) => endStreamWriter(client(), writer),
    readStream: async (runId, key, after) => readStream(client(), runId, key, after),
    countChunks: async (runId, key) => countChunks(client(), runId, key),
  };
}

// Without the lock a run that is deleted at this moment would be found, and then be missing for the reference.
const CREATE_STREAM = `
WITH run AS (
  SELECT id, realtime_streams FROM runs WHERE id = $1 FOR KEY SHARE
), made AS (
  INSERT INTO run_streams (run_id, key) SELECT id, $2 FROM run WHERE cardinality(realtime_streams) < $3::integer
  ON CONFLICT DO NOTHING RETURNING run_id
), noted AS (
  UPDATE runs r SET realtime_streams = array_append(r.realtime_streams, $2), ${MARK_CHANGED}
  FROM made WHERE r.id = made.run_id RETURNING 1
)
SELECT EXISTS (SELECT FROM noted) AS made, $2 <> ALL (realtime_streams) AND cardinality(realtime_streams) >= $3::integer
  AS too_many FROM run`;

async function createStream(
  client: SqlClient,
  runId: string,
  key: string,
  maxStreams: number,
): Promise<StreamCreation> {
  const result = await client.query<{ made: boolean; too_many: boolean }>(CREATE_STREAM, [
    runId,
    storedName(key),
    maxStreams,
  ]);
  const [row] = result.rows;
  if (row === undefined) return "no such run";
  if (row.made) return "made";
  return row.too_many ? "too many" : "there already";
}

// Locked for the same reason.
const OPEN_WRITER = `
WITH stream AS (
  SELECT run_id, key, chunks, bytes FROM run_streams WHERE run_id = $1 AND key = $2 FOR KEY SHARE
), writer AS (
  INSERT INTO stream_writers (run_id, key, client) SELECT run_id, key, $3 FROM stream
  ON CONFLICT (run_id, key, client) DO UPDATE SET ended = false, seen_at = now()
  RETURNING next_index
)
SELECT writer.next_index, stream.chunks, stream.bytes::float8 AS bytes FROM writer, stream`;

async function openStreamWriter(
  client: SqlClient,
  writer: StreamWriterId,
): Promise<StreamWriterState | undefined> {
  const result = await client.query<{ next_index: number; chunks: number; bytes: number }>(
    OPEN_WRITER,
    parameters(writer),
    REPEATABLE,
  );
  const [row] = result.rows;
  if (row === undefined) return undefined;
  return { nextIndex: row.next_index, chunks: row.chunks, bytes: row.bytes };
}

async function nextChunkIndex(client: SqlClient, writer: StreamWriterId): Promise<number> {
  const result = await client.query<{ next_index: number }>(
    "SELECT next_index FROM stream_writers WHERE run_id = $1 AND key = $2 AND client = $3",
    parameters(writer),
    REPEATABLE,
  );
  return result.rows[0]?.next_index ?? 0;
}

// The writer's row decides whether these chunks are new and makes two requests of one writer wait for each other; the
// stream's row gives out the places. Both conditions are looked at again when a row was changed meanwhile.
const APPEND_CHUNKS = `
WITH writer AS (
  UPDATE stream_writers w SET next_index = $4::integer + cardinality($5::text[]), ended = $7, seen_at = now()
  FROM run_streams s
  WHERE w.run_id = $1 AND w.key = $2 AND w.client = $3 AND w.next_index <= $4::integer
    AND s.run_id = $1 AND s.key = $2
    AND s.chunks + cardinality($5::text[]) <= $8::integer AND s.bytes + $6::bigint <= $9::bigint
  RETURNING 1
), stream AS (
  UPDATE run_streams SET chunks = chunks + cardinality($5::text[]), bytes = bytes + $6::bigint
  WHERE run_id = $1 AND key = $2 AND EXISTS (SELECT FROM writer)
  RETURNING chunks - cardinality($5::text[]) AS first
)
INSERT INTO stream_chunks (run_id, key, position, chunk)
SELECT $1, $2, stream.first + u.place::integer - 1, u.chunk
FROM stream, unnest($5::text[]) WITH ORDINALITY AS u(chunk, place)`;

/** Repeatable: a second run finds what the first one stored and says false, and the caller looks how far the writer is. */
async function appendChunks(client: SqlClient, chunks: NewChunks): Promise<boolean> {
  const { from, bytes, ended, maxChunks, maxBytes } = chunks;
  const result = await client.query(
    APPEND_CHUNKS,
    [...parameters(chunks), from, chunks.chunks, bytes, ended, maxChunks, maxBytes],
    REPEATABLE,
  );
  return result.affectedRows > 0;
}

async function endStreamWriter(client: SqlClient, writer: StreamWriterId): Promise<void> {
  await client.query(
    "UPDATE stream_writers SET ended = true, seen_at = now() WHERE run_id = $1 AND key = $2 AND client = $3",
    parameters(writer),
    REPEATABLE,
  );
}

const READ_STREAM = `
SELECT r.status,
  EXISTS (SELECT FROM stream_writers w WHERE w.run_id = $1 AND w.key = $2 AND NOT w.ended
    AND w.seen_at > now() - ${WRITER_SILENCE}) AS being_written,
  page.position, page.chunk, (extract(epoch FROM page.written_at) * 1000)::float8 AS written_at
FROM runs r LEFT JOIN (
  SELECT position, chunk, written_at, row_number() OVER places AS place,
    sum(octet_length(chunk)) OVER places AS bytes
  FROM (SELECT position, chunk, written_at FROM stream_chunks
    WHERE run_id = $1 AND key = $2 AND position > $3::integer ORDER BY position LIMIT ${PAGE_CHUNKS}) next
  WINDOW places AS (ORDER BY position)
) page ON page.place = 1 OR page.bytes <= ${PAGE_BYTES}
WHERE r.id = $1 ORDER BY page.position`;

async function readStream(
  client: SqlClient,
  runId: string,
  key: string,
  after: number,
): Promise<StreamRead | undefined> {
  const { rows } = await client.query<{
    status: RunStatus;
    being_written: boolean;
    position: number | null;
    chunk: string;
    written_at: number;
  }>(READ_STREAM, [runId, storedName(key), after], REPEATABLE);
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    runStatus: first.status,
    beingWritten: first.being_written,
    chunks: rows.flatMap(({ position, chunk, written_at }) =>
      position === null ? [] : [{ position, text: chunk, writtenAtMs: Math.trunc(written_at) }],
    ),
  };
}

async function countChunks(client: SqlClient, runId: string, key: string): Promise<number> {
  const result = await client.query<{ chunks: number }>(
    "SELECT chunks FROM run_streams WHERE run_id = $1 AND key = $2",
    [runId, storedName(key)],
    REPEATABLE,
  );
  return result.rows[0]?.chunks ?? 0;
}

function parameters({ runId, key, client }: StreamWriterId): [string, string, string] {
  return [runId, storedName(key), storedName(client)];
}
