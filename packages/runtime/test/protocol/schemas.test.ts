import { describe, expect, test } from "vitest";
import {
  batchItem,
  completeAttemptBody,
  createBatchBody,
  listRunsQuery,
  putMetadataBody,
  putMetadataReply,
  registerRunBody,
  retrieveRunReply,
  triggerTaskBody,
} from "../../src/protocol/schemas.ts";

function accepts(text: string): boolean {
  return putMetadataBody.safeParse(JSON.parse(text)).success;
}

describe("putMetadataBody", () => {
  test.each([
    "{}",
    '{"metadata":{"a":[1,null,{"b":true}]}}',
    '{"operations":[],"parentOperations":[],"rootOperations":[]}',
    '{"operations":[{"type":"set","key":"a","value":null}],"metadata":{}}',
    '{"operations":[{"type":"set","key":"constructor","value":1},{"type":"delete","key":"$.a.b"}]}',
    '{"operations":[{"type":"increment","key":"$.a","value":-0.5},{"type":"update","value":{}}],"other":1}',
    '{"metadata":{"text":"\\u0000 \\ud800"}}',
  ])("takes %s", (text) => {
    expect(accepts(text)).toBe(true);
  });

  test.each([
    "null",
    "[]",
    '"text"',
    '{"metadata":null}',
    '{"metadata":[]}',
    '{"metadata":"x"}',
    '{"metadata":1}',
    '{"operations":null}',
    '{"operations":{}}',
    '{"operations":[{"type":"rename","key":"a"}]}',
    '{"operations":[{"type":"set","key":"a"}]}',
    '{"operations":[{"type":"set","value":1}]}',
    '{"operations":[{"type":"increment","key":"a"}]}',
    '{"operations":[{"type":"increment","key":"a","value":"1"}]}',
    '{"operations":[{"type":"update","value":[]}]}',
    '{"operations":[{"type":"set","key":"__proto__","value":1}]}',
    '{"operations":[{"type":"set","key":"$.a.__proto__.b","value":1}]}',
    '{"operations":[{"type":"set","key":"$.constructor","value":1}]}',
    '{"operations":[{"type":"set","key":"$.","value":1}]}',
    '{"parentOperations":[{"type":"set","key":"a","value":{"b":{"__proto__":{"polluted":1}}}}]}',
    '{"metadata":{"__proto__":1}}',
  ])("S3 R7 refuses %s", (text) => {
    expect(accepts(text)).toBe(false);
  });

  test("S2 refuses 1e400 and more than 64 levels, in operations and in the document", () => {
    for (const value of ["1e400", `${"[".repeat(65)}${"]".repeat(65)}`]) {
      expect(accepts(`{"operations":[{"type":"set","key":"a","value":${value}}]}`)).toBe(false);
      expect(accepts(`{"metadata":{"a":${value}}}`)).toBe(false);
    }
    expect(accepts(`{"operations":[{"type":"increment","key":"a","value":1e400}]}`)).toBe(false);
    expect(
      accepts(`{"operations":[{"type":"set","key":"a","value":${"[".repeat(64)}${"]".repeat(64)}}]}`),
    ).toBe(true);
  });
});

test("a reply to a metadata update may name what was refused elsewhere", () => {
  const reply = { metadata: { a: 1 }, refused: [{ target: "parent", message: "too large" }] };
  expect(putMetadataReply.parse(reply)).toEqual(reply);
  expect(putMetadataReply.safeParse({ metadata: null }).success).toBe(false);
});

test("a trigger drops options it does not know and refuses wrong ones", () => {
  const options = {
    tags: ["a"],
    ttl: 5,
    delay: "1h",
    queue: { name: "q", x: 1 },
    bulkActionId: "x",
    idempotencyKeyTTL: "30d",
  };
  expect(triggerTaskBody.parse({ payload: "x", options, context: {} })).toEqual({
    payload: "x",
    options: { tags: ["a"], ttl: 5, delay: "1h", queue: { name: "q" }, idempotencyKeyTTL: "30d" },
  });
  expect(triggerTaskBody.parse({})).toEqual({});
  for (const wrong of [
    { tags: ["x".repeat(129)] },
    { idempotencyKeyTTL: "1 day" },
    { ttl: -1 },
    { tags: null },
  ]) {
    expect(triggerTaskBody.safeParse({ options: wrong }).success).toBe(false);
  }
  expect(batchItem.safeParse({ index: -1, task: "t" }).success).toBe(false);
  expect(createBatchBody.safeParse({ runCount: 1001 }).success).toBe(false);
});

test("a run in its smallest form passes, and null is not absent", () => {
  const run = {
    id: "run_1",
    status: "QUEUED",
    taskIdentifier: "t",
    isQueued: true,
    isExecuting: false,
    isWaiting: false,
    isCompleted: false,
    isSuccess: false,
    isFailed: false,
    isCancelled: false,
    isTest: false,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    tags: [],
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: 0,
    depth: 0,
    triggerFunction: "trigger",
    relatedRuns: {},
  };
  expect(retrieveRunReply.parse(run)).toEqual({ ...run, attemptCount: 0 });
  expect(retrieveRunReply.safeParse({ ...run, metadata: null }).success).toBe(false);
  expect(retrieveRunReply.safeParse({ ...run, status: "RUNNING" }).success).toBe(false);
});

test("the query of a list is read, with a page size of 25 unless given", () => {
  expect(listRunsQuery.parse({})).toEqual({ "page[size]": 25 });
  const query = {
    "page[size]": "5",
    "filter[status]": "QUEUED,FAILED",
    "filter[isTest]": "true",
    "filter[createdAt][from]": "0",
  };
  expect(listRunsQuery.parse(query)).toEqual({
    "page[size]": 5,
    "filter[status]": ["QUEUED", "FAILED"],
    "filter[isTest]": true,
    "filter[createdAt][from]": new Date(0),
  });
  for (const wrong of [{ "page[size]": "0" }, { "page[size]": "101" }, { "filter[status]": "FOOBAR" }]) {
    expect(listRunsQuery.safeParse(wrong).success).toBe(false);
  }
});

test("worker bodies: a run needs a task, an outcome says which it is", () => {
  expect(registerRunBody.safeParse({ task: "t", parentId: "../x" }).success).toBe(false);
  expect(completeAttemptBody.parse({ ok: false, error: { message: "m" }, attempt: 1 })).toEqual({
    ok: false,
    error: { message: "m" },
    attempt: 1,
  });
  expect(completeAttemptBody.safeParse({ output: 1 }).success).toBe(false);
});
