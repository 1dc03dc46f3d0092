import { ServerConfigError } from "../../errors.ts";
import type { QueueConnection } from "./connect-bullmq.ts";

/** Where the queue is: servers and workers of one deployment say the same. Either Redis or PostgreSQL. */
export interface QueueLocation {
  /** `redis://host:port`, `rediss://…` for TLS. */
  readonly redisUrl?: string | undefined;
  /** In front of all keys in Redis, for several deployments on one. @default "runmeta" */
  readonly prefix?: string | undefined;
  /** `postgres://user:password@host:port/database`, where there is no Redis. *Cost*: about a quarter of the speed. */
  readonly databaseUrl?: string | undefined;
  /** Schema of BullMQ's own tables, created when it is missing. Letters, digits and `_`. @default "runmeta_queue" */
  readonly schema?: string | undefined;
}

/** @throws ServerConfigError for a place that is none */
export function queueConnection(location: QueueLocation): QueueConnection {
  const { redisUrl, databaseUrl, prefix = "runmeta", schema = "runmeta_queue" } = location;
  if ((redisUrl === undefined) === (databaseUrl === undefined))
    throw new ServerConfigError(
      "The engine bullmq needs a place for its queue: either redisUrl or databaseUrl.",
    );
  if (redisUrl !== undefined) {
    // The texts may hold passwords, so they are not repeated.
    if (!/^rediss?:\/\//i.test(redisUrl))
      throw new ServerConfigError("The Redis URL must begin with redis:// or rediss://.");
    return { kind: "Redis", url: redisUrl, prefix };
  }
  if (!/^postgres(?:ql)?:\/\//i.test(databaseUrl ?? ""))
    throw new ServerConfigError("The database URL must begin with postgres:// or postgresql://.");
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema))
    throw new ServerConfigError(
      `The schema name ${JSON.stringify(schema)} is refused: use letters, digits and _ only, at most 63.`,
    );
  return { kind: "PostgreSQL", url: databaseUrl ?? "", schema };
}
