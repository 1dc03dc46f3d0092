import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { bind, currentRun, metadata } from "@runmeta/runtime";
import { manualClock, mockRun } from "@runmeta/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { twoRuns } from "./two-runs.ts";

afterEach(() => vi.useRealTimers());

/** Each title is a heading of docs/wrong-run.md: there is the explanation. */
const traps = {
  listener: "A listener runs in the run of whoever emits",
  pool: "A job in a shared pool runs in the run of whoever drains it",
  shared: "A promise awaited elsewhere was made in the run that started it",
  batch: "A batching loader runs in the run of whoever asked first",
  interval: "An interval goes on in the run that happened to start it",
  worker: "A worker's message arrives in the run that made the worker",
  fake: "A faked timer runs in the run of whoever advances the clock",
};

it("every trap of the page has its tests", () => {
  const page = readFileSync(new URL("../../../../docs/wrong-run.md", import.meta.url), "utf8");
  const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(Object.values(traps));
});

describe(traps.listener, () => {
  it("without bind: B emits, so B gets A's row", async () => {
    const rows = new EventEmitter();
    const { a, b } = await twoRuns(
      () => void rows.on("row", () => metadata.increment("rows")),
      () => rows.emit("row"),
    );
    expect({ a, b }).toEqual({ a: {}, b: { rows: 1 } });
  });

  it("with bind: the row is A's", async () => {
    const rows = new EventEmitter();
    const { a, b } = await twoRuns(
      () =>
        void rows.on(
          "row",
          bind(() => metadata.increment("rows")),
        ),
      () => rows.emit("row"),
    );
    expect({ a, b }).toEqual({ a: { rows: 1 }, b: {} });
  });

  it("EventTarget and AbortSignal are no different", async () => {
    const target = new EventTarget();
    const { a, b } = await twoRuns(
      () => {
        target.addEventListener("tick", () => metadata.increment("plain"));
        target.addEventListener(
          "tick",
          bind(() => metadata.increment("bound")),
        );
      },
      () => target.dispatchEvent(new Event("tick")),
    );
    expect({ a, b }).toEqual({ a: { bound: 1 }, b: { plain: 1 } });
  });
});

/** What connection pools and job limiters do: whoever gives a place back starts the next in line. */
class Pool {
  #busy = false;
  readonly #waiting: (() => void)[] = [];

  use(job: () => void): void {
    if (this.#busy) {
      this.#waiting.push(job);
      return;
    }
    this.#busy = true;
    job();
  }

  release(): void {
    this.#busy = false;
    const next = this.#waiting.shift();
    if (next !== undefined) this.use(next);
  }
}

describe(traps.pool, () => {
  it("without bind: B gives the place back, so A's job writes to B", async () => {
    const pool = new Pool();
    pool.use(() => undefined);
    const { a, b } = await twoRuns(
      () => pool.use(() => metadata.increment("jobs")),
      () => pool.release(),
    );
    expect({ a, b }).toEqual({ a: {}, b: { jobs: 1 } });
  });

  it("with bind: the job stays A's", async () => {
    const pool = new Pool();
    pool.use(() => undefined);
    const { a, b } = await twoRuns(
      () => pool.use(bind(() => metadata.increment("jobs"))),
      () => pool.release(),
    );
    expect({ a, b }).toEqual({ a: { jobs: 1 }, b: {} });
  });
});

/** Loads once for all who ask, and tells each of them when the work is done. */
class Catalogue {
  finish: () => void = () => undefined;
  readonly #allowed = new Promise<void>((resolve) => {
    this.finish = resolve;
  });
  readonly #listeners: (() => void)[] = [];
  #loading: Promise<string> | undefined;

  get(onLoaded: () => void = () => undefined): Promise<string> {
    this.#listeners.push(onLoaded);
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<string> {
    await this.#allowed;
    metadata.increment("loads");
    for (const tell of this.#listeners) tell();
    return "the catalogue";
  }
}

describe(traps.shared, () => {
  it("without bind: B waits for it, and what the work writes lands on A", async () => {
    const catalogue = new Catalogue();
    const { a, b } = await twoRuns(
      () => void catalogue.get(),
      async () => {
        const loaded = catalogue.get(() => metadata.increment("told"));
        catalogue.finish();
        await loaded;
        // Behind the await it is B again: only the work itself belongs to who started it.
        metadata.set("after", currentRun()?.id);
      },
    );
    expect({ a, b }).toEqual({ a: { loads: 1, told: 1 }, b: { after: "run_b" } });
  });

  it("with bind: each caller hands in what its own run is to be told", async () => {
    const catalogue = new Catalogue();
    const { a, b } = await twoRuns(
      () => void catalogue.get(bind(() => metadata.increment("told"))),
      async () => {
        const loaded = catalogue.get(bind(() => metadata.increment("told")));
        catalogue.finish();
        await loaded;
      },
    );
    expect({ a, b }).toEqual({ a: { loads: 1, told: 1 }, b: { told: 1 } });
  });
});

/** Collects what is asked for in one turn of the event loop and fetches it at once, as data loaders do. */
class Loader {
  #asked: { readonly id: string; readonly found: (id: string) => void }[] = [];

  load(id: string, found: (id: string) => void): void {
    this.#asked.push({ id, found });
    if (this.#asked.length === 1) setImmediate(() => this.#fetch());
  }

  #fetch(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const { id, found } of asked) found(id);
  }
}

describe(traps.batch, () => {
  const twoAtOnce = (wrap: (found: (id: string) => void) => (id: string) => void) => {
    const loader = new Loader();
    const ask = (id: string) =>
      mockRun({ id: `run_${id}` }, async () => {
        await new Promise<void>((resolve) => {
          const note = wrap(() => metadata.append("found", id));
          loader.load(id, (found) => {
            note(found);
            resolve();
          });
        });
      });
    return Promise.all([ask("a"), ask("b")]);
  };

  it("without bind: one turn serves both, in the run that asked first", async () => {
    const [a, b] = await twoAtOnce((found) => found);
    const found = [a.metadata.found, b.metadata.found];
    expect(found).toContainEqual(["a", "b"]);
    expect(found).toContainEqual(undefined);
  });

  it("with bind: each finds its own", async () => {
    const [a, b] = await twoAtOnce(bind);
    expect([a.metadata, b.metadata]).toEqual([{ found: ["a"] }, { found: ["b"] }]);
  });
});

describe(traps.interval, () => {
  /** A monitor that whoever needs it first starts, for the whole process. */
  class Monitor {
    readonly #onBeat: () => void;
    #timer: NodeJS.Timeout | undefined;
    #beaten: () => void = () => undefined;

    constructor(onBeat: () => void) {
      this.#onBeat = onBeat;
    }

    start(): void {
      this.#timer ??= setInterval(() => {
        this.#onBeat();
        this.#beaten();
      }, 1);
    }

    nextBeat(): Promise<void> {
      return new Promise((resolve) => {
        this.#beaten = resolve;
      });
    }

    stop(): void {
      clearInterval(this.#timer);
    }
  }

  it("without bind: A started it, so it goes on in A while B works, and after A's end", async () => {
    const seen = new Set<string | undefined>();
    const monitor = new Monitor(() => seen.add(currentRun()?.id));
    await twoRuns(
      () => monitor.start(),
      async () => {
        monitor.start();
        await monitor.nextBeat();
      },
    );
    await monitor.nextBeat();
    monitor.stop();
    expect([...seen]).toEqual(["run_a"]);
  });

  it("with bind: made where no run is open, a function belongs to none", async () => {
    const seen = new Set<string | undefined>();
    const monitor = new Monitor(bind(() => seen.add(currentRun()?.id)));
    await twoRuns(
      () => monitor.start(),
      () => monitor.nextBeat(),
    );
    monitor.stop();
    expect([...seen]).toEqual([undefined]);
  });
});

describe(traps.worker, () => {
  const code = `const { parentPort } = require("node:worker_threads"); parentPort.on("message", (n) => parentPort.postMessage(n));`;

  it("without bind: a worker that A made answers B's question in A", async () => {
    await using held = holder();
    const { a, b } = await twoRuns(
      () => {
        held.worker = new Worker(code, { eval: true });
      },
      async () => {
        const answered = once(held.worker as Worker, "message");
        held.worker?.on("message", () => metadata.increment("answers"));
        held.worker?.postMessage(1);
        await answered;
      },
    );
    expect({ a, b }).toEqual({ a: { answers: 1 }, b: {} });
  });

  it("with bind: the answer is B's", async () => {
    await using held = holder();
    const { a, b } = await twoRuns(
      () => {
        held.worker = new Worker(code, { eval: true });
      },
      async () => {
        const answered = once(held.worker as Worker, "message");
        held.worker?.on(
          "message",
          bind(() => metadata.increment("answers")),
        );
        held.worker?.postMessage(1);
        await answered;
      },
    );
    expect({ a, b }).toEqual({ a: {}, b: { answers: 1 } });
  });

  function holder(): AsyncDisposable & { worker: Worker | undefined } {
    return {
      worker: undefined,
      async [Symbol.asyncDispose]() {
        await this.worker?.terminate();
      },
    };
  }
});

describe(traps.fake, () => {
  it("without bind: vitest's setTimeout is called by B's advanceTimersByTime, so A's callback writes to B", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { a, b } = await twoRuns(
      () => void setTimeout(() => metadata.increment("ticks"), 1_000),
      () => void vi.advanceTimersByTime(1_000),
    );
    expect({ a, b }).toEqual({ a: {}, b: { ticks: 1 } });
  });

  it("with bind: the callback is A's, whoever advances", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { a, b } = await twoRuns(
      () =>
        void setTimeout(
          bind(() => metadata.increment("ticks")),
          1_000,
        ),
      () => void vi.advanceTimersByTime(1_000),
    );
    expect({ a, b }).toEqual({ a: { ticks: 1 }, b: {} });
  });

  it("real timers need nothing", async () => {
    const { a, b } = await twoRuns(
      () => new Promise<void>((resolve) => setTimeout(() => resolve(void metadata.increment("ticks")), 1)),
      () => undefined,
    );
    expect({ a, b }).toEqual({ a: { ticks: 1 }, b: {} });
  });

  it("manualClock needs nothing either: it moves the waits of the run, not the process's timers", async () => {
    const clock = manualClock();
    const running = mockRun({ clock }, async () => {
      metadata.increment("ticks");
      await metadata.flush();
    });
    await clock.advance(1_000);
    expect((await running).metadata).toEqual({ ticks: 1 });
  });
});
