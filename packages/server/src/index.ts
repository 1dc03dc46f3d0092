export { createServer, type RunmetaServer } from "./create-server.ts";
export type { Engine, EngineHost } from "./engine/engine.ts";
export { type InlineEngineOptions, inlineEngine } from "./engine/inline-engine.ts";
export { noEngine } from "./engine/no-engine.ts";
export { ServerConfigError, ServerError, type ServerErrorCode } from "./errors.ts";
export type { ServerOptions } from "./options.ts";
export { pgliteStorage } from "./storage/pglite-storage.ts";
export { postgresStorage } from "./storage/postgres-storage.ts";
export { type Storage, StorageError } from "./storage/storage.ts";
