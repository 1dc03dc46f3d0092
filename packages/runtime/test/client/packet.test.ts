import { describe, expect, it } from "vitest";
import { decodePacket, encodePacket } from "../../src/client/packet.ts";

describe("packets", () => {
  it.each([
    undefined,
    null,
    0,
    false,
    "",
    "text",
    "{}",
    [1, undefined],
    { at: new Date(0), m: new Map([[1, 2n]]) },
  ])("round-trip %j", async (value) => {
    expect(await decodePacket(await encodePacket(value))).toEqual(value);
  });

  it("have the official types", async () => {
    expect(await encodePacket("a")).toEqual({ data: "a", dataType: "text/plain" });
    expect(await encodePacket(undefined)).toEqual({ data: undefined, dataType: "application/json" });
    expect(await encodePacket({ a: 1 })).toEqual({
      data: '{"json":{"a":1}}',
      dataType: "application/super+json",
    });
    expect(await decodePacket({ data: '{"a":1}', dataType: "application/json" })).toEqual({ a: 1 });
  });

  it.each([
    ["application/store", "path", /object store/],
    ["image/png", "x", /"image\/png" is unknown/],
    ["application/json", "{", /not application\/json/],
    ["application/super+json", "nope", /not application\/super\+json/],
  ])("of type %s with data %j are refused", async (dataType, data, message) => {
    const error = await decodePacket({ data, dataType }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "RUNMETA_PACKET", message: expect.stringMatching(message) });
  });

  it("a value that throws while it is read is a PacketError with the cause", async () => {
    const cause = new Error("boom");
    const value = {
      get bad() {
        throw cause;
      },
    };
    await expect(encodePacket(value)).rejects.toMatchObject({ code: "RUNMETA_PACKET", cause });
  });
});
