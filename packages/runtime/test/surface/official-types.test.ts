import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

/** Types of the official SDK that only its refused names use. */
const OF_REFUSED_NAMES = new Set(
  `AnyChatEvent ChatEvent ChatEventAction ChatEventActions
  AnyRealtimeRun AnyRunShape RealtimeRun RunShape TaskRunShape
  BulkAction
  CacheEntry CacheFunction CacheMetadata CacheStore Eventually
  CancelWebhookWaiterResult CreateWebhookEndpointParams CreateWebhookWaiterOptions HostedWebhookVerifierConfig
  ProviderProducers WebhookEndpoint WebhookEndpointContext WebhookEndpointOptions WebhookHandle WebhookKeyMeta
  WebhookOnEventParams WebhookOptions WebhookTaskOptions WebhookTaskPayload WebhookWaiter WebhookWaiterLimitReason
  WebhookWaiterOutput
  ApiDeploymentListResponseItem RetrieveCurrentDeploymentResponseBody
  CloseSessionRequestBody CreateSessionInput CreateSessionRequestBody CreatedSessionResponseBody ListSessionsOptions
  ListedSessionItem RetrieveSessionResponseBody SessionChannelHandle SessionChannelHandleFor SessionPipeStreamOptions
  SessionSubscribeOptions SessionTriggerConfigInput UpdateSessionRequestBody
  DashboardObject DashboardSummary DashboardWidget DashboardWidgetDisplay DashboardWidgetInput DashboardWidgetPosition
  QueryFormat QueryOptions QueryScope QueryTable RunFriendlyStatus RunsTableRow
  GetOIDCTokenOptions TriggerClientConfig WaitpointRetrievedToken
  ImportEnvironmentVariablesParams ResolveEnvironmentVariablesFunction ResolveEnvironmentVariablesParams
  ResolveEnvironmentVariablesResult
  InferInputStreamType RealtimeDefineStreamOptions
  Locals`.split(/\s+/),
);

/** The names that a module exports as types; a class is a type as well. */
function exportedTypes(program: ts.Program, file: string): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is not a module`);
  return checker
    .getExportsOfModule(module)
    .filter((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      return (symbol.flags & ts.SymbolFlags.Type) !== 0 && (symbol.flags & ts.SymbolFlags.Class) === 0;
    })
    .map(({ name }) => name);
}

it("every type of the official SDK has a name here, unless it belongs to a refused one", {
  timeout: 120_000,
}, () => {
  const manifest = fileURLToPath(import.meta.resolve("@trigger.dev/sdk/package.json"));
  const official = join(dirname(manifest), "dist/esm/v3/index.d.ts");
  const ours = join(import.meta.dirname, "../../src/index.ts");
  const program = ts.createProgram([official, ours], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    strict: true,
    noEmit: true,
  });
  const theirs = exportedTypes(program, official);
  const here = new Set(exportedTypes(program, ours));
  expect(theirs.length).toBeGreaterThan(100);
  expect(theirs.filter((name) => !here.has(name) && !OF_REFUSED_NAMES.has(name))).toEqual([]);
  // A name that works by now, or that the official SDK no longer has, has no place on the list.
  expect([...OF_REFUSED_NAMES].filter((name) => here.has(name) || !theirs.includes(name))).toEqual([]);
});
