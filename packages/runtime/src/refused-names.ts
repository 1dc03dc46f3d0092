import { refused } from "./refused.ts";

/**
 * Names of the official SDK that are not implemented. One that becomes real loses its line here; where only a member is
 * missing (`wait.forToken`), its namespace says so.
 */

const viaRoute = "receive it in a route of your HTTP server, and call tasks.trigger there";
const neverThrown = "nothing here throws it";
const inMetadata = "keep the state in a run's metadata";

/** What `sessions.open` gives. Not supported. */
export const SessionHandle = refused("SessionHandle", inMetadata);
/** A session's input. Not supported. */
export const SessionInputChannel = refused("SessionInputChannel", inMetadata);
/** A session's output. Not supported. */
export const SessionOutputChannel = refused("SessionOutputChannel", inMetadata);
/** For the official SDK's own tests. Not supported. */
export const __setSessionCloseImplForTests = refused(
  "__setSessionCloseImplForTests",
  "test with @runmeta/testing",
);
/** For the official SDK's own tests. Not supported. */
export const __setSessionOpenImplForTests = refused(
  "__setSessionOpenImplForTests",
  "test with @runmeta/testing",
);
/** For the official SDK's own tests. Not supported. */
export const __setSessionStartImplForTests = refused(
  "__setSessionStartImplForTests",
  "test with @runmeta/testing",
);
/** Internal to the official SDK's chat. Not supported. */
export const markChatAgentRunForStreamsWarning = refused(
  "markChatAgentRunForStreamsWarning",
  "it belonged to the official SDK's chat",
);
/** Tasks that start by the clock. Not supported. */
export const schedules = refused(
  "schedules",
  "trigger the task from a scheduler of your own: cron, or a queue's repeated jobs",
);
/** Environment variables of a project. Not supported. */
export const envvars = refused("envvars", "set environment variables where your process is started");
/** Deployed versions of a project. Not supported. */
export const deployments = refused(
  "deployments",
  "there are none: start the server or worker anew with the new code",
);
/** Queues of a project, changed from outside. Not supported. */
export const queues = refused(
  "queues",
  "a queue's concurrencyLimit stands where it is defined: queue({ name, concurrencyLimit })",
);
/** A limit that tasks share. Not supported. */
export const concurrencyLimit = refused(
  "concurrencyLimit",
  "give the tasks one queue({ name, concurrencyLimit })",
);
/** Shared limits, changed from outside. Not supported. */
export const concurrencyLimits = refused(
  "concurrencyLimits",
  "give the tasks one queue({ name, concurrencyLimit })",
);
/** A client of its own for each project. Not supported. */
export const TriggerClient = refused(
  "TriggerClient",
  "call configure({ baseURL, accessToken }) once a process",
);
/** A task that is an AI tool. Not supported. */
export const toolTask = refused(
  "toolTask",
  "define it with schemaTask, and call triggerAndWait(...).unwrap() from your tool",
);
/** Versioned prompts. Not supported. */
export const prompts = refused("prompts", "keep prompts in your code or your own storage");
/** Skills of an agent. Not supported. */
export const skills = refused("skills", "keep them in your code");
/** An event of a chat agent. Not supported. */
export const chatEvent = refused("chatEvent", inMetadata);
/** Thrown by the official chat. Not supported. */
export const ChatChunkTooLargeError = refused("ChatChunkTooLargeError", neverThrown);
/** Recognises an error of the official chat. Not supported. */
export const isChatChunkTooLargeError = refused(
  "isChatChunkTooLargeError",
  "nothing here throws ChatChunkTooLargeError",
);
/** SQL over a project's runs. Not supported. */
export const query = refused("query", "read runs with runs.list, or query your own database");
/** The official SDK's tracing. Not supported. */
export const otel = refused("otel", "instrument your process with @opentelemetry packages directly");
/** Work that goes on after `run`. Not supported. */
export const waitUntil = refused("waitUntil", "await the promise before `run` returns");
/** Thrown by `wait.forToken`. Not supported. */
export const WaitpointTimeoutError = refused("WaitpointTimeoutError", neverThrown);
/** What `wait.forToken` gives. Not supported. */
export const ManualWaitpointPromise = refused(
  "ManualWaitpointPromise",
  "poll for the answer, or trigger a task when it comes",
);
/** Thrown by `auth.getOIDCToken`. Not supported. */
export const OIDCTokenError = refused("OIDCTokenError", neverThrown);
/** A cache for values that several parts of a run need. Not supported. */
export const createCache = refused("createCache", "use a cache library");
/** Storage of `createCache`. Not supported. */
export const InMemoryCache = refused("InMemoryCache", "use a Map, or a cache library");
/** Internal to the official SDK's cache. Not supported. */
export const normalizeKeyString = refused("normalizeKeyString", "it belonged to the official SDK's cache");
/** A task that a webhook starts. Not supported. */
export const webhook = refused("webhook", viaRoute);
/** Webhooks of other services. Not supported. */
export const webhooks = refused("webhooks", viaRoute);
/** Services that send webhooks. Not supported. */
export const webhookSources = refused("webhookSources", viaRoute);
/** Services that send webhooks. Not supported. */
export const providerProducers = refused("providerProducers", viaRoute);
/** Where webhooks arrive. Not supported. */
export const defineWebhookEndpoint = refused("defineWebhookEndpoint", viaRoute);
/** Thrown by the official SDK's webhooks. Not supported. */
export const WebhookError = refused("WebhookError", neverThrown);
/** Thrown by the official SDK's webhooks. Not supported. */
export const WebhookEndpointNotFoundError = refused("WebhookEndpointNotFoundError", neverThrown);
/** Thrown by the official SDK's webhooks. Not supported. */
export const WebhookFilterError = refused("WebhookFilterError", neverThrown);
/** Thrown by the official SDK's webhooks. Not supported. */
export const WebhookIndexingError = refused("WebhookIndexingError", neverThrown);
/** Thrown by the official SDK's webhooks. Not supported. */
export const WebhookWaiterCancelledError = refused("WebhookWaiterCancelledError", neverThrown);
/** Thrown by the official SDK's webhooks. Not supported. */
export const WebhookWaiterLimitError = refused("WebhookWaiterLimitError", neverThrown);
/** Thrown by the official batches; here it is an ApiError. Not supported. */
export const BatchTriggerError = refused("BatchTriggerError", neverThrown);
