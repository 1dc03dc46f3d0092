import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { auth } from "../../src/client/auth.ts";
import { configure, findApiClient, requireApiClient } from "../../src/client/configure.ts";
import { triggerTask } from "../../src/client/trigger.ts";

beforeEach(() => {
  configure({});
  vi.stubEnv("TRIGGER_API_URL", undefined);
  vi.stubEnv("TRIGGER_SECRET_KEY", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  configure({});
});

describe("configure", () => {
  it("without a URL and a key every call throws ConfigError and nothing is sent", async () => {
    const fetch = vi.fn();
    vi.stubGlobal("fetch", fetch);
    expect(findApiClient()).toBeUndefined();
    await expect(triggerTask("t", {})).rejects.toMatchObject({
      code: "RUNMETA_CONFIG",
      message: expect.stringMatching(/TRIGGER_API_URL.*TRIGGER_SECRET_KEY/),
    });
    configure({ accessToken: "tr_dev_x" });
    expect(() => requireApiClient()).toThrow(/no URL/);
    expect(() => requireApiClient()).not.toThrow(/tr_dev_x/);
    expect(fetch).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });

  it("reads the environment at the call, and wins over it", () => {
    vi.stubEnv("TRIGGER_API_URL", "http://127.0.0.1:1");
    vi.stubEnv("TRIGGER_SECRET_KEY", "tr_dev_x");
    expect(requireApiClient().baseURL).toBe("http://127.0.0.1:1");
    configure({ baseURL: "http://127.0.0.1:2/" });
    expect(requireApiClient().baseURL).toBe("http://127.0.0.1:2");
    configure({ baseURL: undefined });
    expect(requireApiClient().baseURL).toBe("http://127.0.0.1:1");
  });

  it("takes the older name of the key, and the newer one where both are given", async () => {
    const sent = vi.fn(async (request: Request) => Response.json(request.headers.get("authorization")));
    const api = { baseURL: "http://in-process", secretKey: "tr_dev_old", fetch: sent };
    const authorization = () => requireApiClient().request("GET", "/x");
    configure(api);
    expect(await authorization()).toBe("Bearer tr_dev_old");
    expect(await auth.withAuth({ secretKey: "tr_dev_other" }, authorization)).toBe("Bearer tr_dev_other");
    configure({ ...api, accessToken: "tr_dev_new" });
    expect(await authorization()).toBe("Bearer tr_dev_new");
  });

  it("does not use TRIGGER_ACCESS_TOKEN", () => {
    vi.stubEnv("TRIGGER_API_URL", "http://127.0.0.1:1");
    vi.stubEnv("TRIGGER_ACCESS_TOKEN", "tr_pat_x");
    expect(findApiClient()).toBeUndefined();
  });

  it("takes a fetch of one's own, such as a server's in process", async () => {
    const fetch = vi.fn(async (request: Request) => Response.json({ url: request.url }));
    configure({ baseURL: "http://in-process", accessToken: "tr_dev_x", fetch });
    expect(await requireApiClient().request("GET", "/x")).toEqual({ url: "http://in-process/x" });
  });
});
