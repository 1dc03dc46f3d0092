import { describe, expect, it } from "vitest";
import { ApiClient } from "../../src/client/api-client.ts";
import { batchTriggerTask } from "../../src/client/batch.ts";
import { apiClientKey, configure } from "../../src/client/configure.ts";
import { runs } from "../../src/client/runs.ts";
import { sessions } from "../../src/client/sessions.ts";
import { triggerTask, triggerTaskAndWait } from "../../src/client/trigger.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { fakeScope } from "./fake-scope.ts";
import { type Script, scriptedServer, TOKEN } from "./scripted-server.ts";

const triggered = { body: { id: "run_1", isCached: false } };
const busy = { status: 503, body: { error: "busy" } };
const once = { maxAttempts: 1 };

const ended: Script = ({ method }) =>
  method === "POST"
    ? triggered
    : { body: { ok: true, id: "run_1", output: "7", outputType: "application/json" } };

describe("the options of a call", () => {
  it("say how often it is tried", async () => {
    await using server = await scriptedServer(() => busy);
    for (const call of [
      () => triggerTask("t", {}, {}, { retry: once }),
      () => triggerTaskAndWait("t", {}, {}, { retry: once }),
      () => batchTriggerTask("t", [{ payload: 1 }], {}, { retry: once }),
      () => runs.retrieve("run_1", { retry: once }),
      () => runs.list({}, { retry: once }),
      () => runs.cancel("run_1", { retry: once }),
      () => sessions.retrieve("chat", { retry: once }),
    ]) {
      const before = server.requests.length;
      await expect(call()).rejects.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(before + 1);
    }
  });

  it("add headers, over those that were configured", async () => {
    await using server = await scriptedServer(() => triggered);
    configure({
      baseURL: server.url,
      accessToken: TOKEN,
      requestOptions: { additionalHeaders: { "X-Bypass": "configured", "x-team": "a" } },
    });
    await triggerTask("t", {});
    await triggerTask("t", {}, {}, { additionalHeaders: { "x-bypass": "called" } });
    expect(server.requests.map(({ headers }) => [headers["x-bypass"], headers["x-team"]])).toEqual([
      ["configured", "a"],
      ["called", "a"],
    ]);
  });

  it("send it, and what it waits for, to another API with another key", async () => {
    await using other = await scriptedServer(ended);
    await using configured = await scriptedServer(ended);
    const clientConfig = { baseURL: other.url, accessToken: "tr_dev_other" };
    expect(await triggerTaskAndWait("t", {}, {}, { clientConfig }).unwrap()).toBe(7);
    expect(configured.requests).toEqual([]);
    expect(other.requests.length).toBeGreaterThan(1);
    for (const { headers } of other.requests) expect(headers.authorization).toBe("Bearer tr_dev_other");
  });

  it("hold inside a run, too, for this call only", async () => {
    await using other = await scriptedServer(ended);
    await using own = await scriptedServer(ended);
    const client = new ApiClient({ baseURL: own.url, accessToken: TOKEN });
    await runInScope(fakeScope({ attachments: new Map([[apiClientKey, client]]) }), async () => {
      await triggerTask("t", {}, {}, { clientConfig: { baseURL: other.url } });
      await triggerTask("t", {});
    });
    expect([other.requests.length, own.requests.length]).toEqual([1, 1]);
  });
});

describe("configure({ requestOptions })", () => {
  it("says how often every call is tried that does not say it itself", async () => {
    await using server = await scriptedServer((_, index) => (index < 2 ? busy : triggered));
    configure({ baseURL: server.url, accessToken: TOKEN, requestOptions: { retry: once } });
    await expect(triggerTask("t", {})).rejects.toMatchObject({ status: 503 });
    expect(server.requests).toHaveLength(1);
    const retry = { maxAttempts: 2, minTimeoutInMs: 1 };
    await expect(triggerTask("t", {}, {}, { retry })).resolves.toMatchObject({ id: "run_1" });
    expect(server.requests).toHaveLength(3);
  });
});
