import { assertNoLeftovers } from "../assert-no-leftovers.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";
import { type MockRunOptions, mockRun } from "../mock-run.ts";
import { runTask } from "../run-task.ts";
import { type ScriptedEndpoint, scriptedEndpoint } from "../scripted-endpoint.ts";
import type { TestOptions } from "../test-options.ts";
import type { TestRun } from "../test-run.ts";

/** What the fixtures of one test share: the clock and the endpoint, where it asks for them, and its runs. */
export class TestBench {
  #clock: ManualClock | undefined;
  #endpoint: ScriptedEndpoint | undefined;
  readonly #underWay = new Set<string>();
  readonly #ended: TestRun[] = [];

  /** Once it has been asked for, the test's runs wait on it. */
  get clock(): ManualClock {
    return (this.#clock ??= manualClock());
  }

  /** Once it has been asked for, the test's runs use it. */
  get endpoint(): ScriptedEndpoint {
    return (this.#endpoint ??= scriptedEndpoint());
  }

  readonly runTask: typeof runTask = (task, payload, options) =>
    this.#watch(`runTask(${task.id})`, runTask(task, payload, this.#complete(options ?? {})));

  readonly mockRun: typeof mockRun = (options, body) =>
    this.#watch(`mockRun(${options.task ?? ""})`, mockRun(this.#complete<MockRunOptions>(options), body));

  /**
   * The test is over.
   * @throws Error naming what it left behind
   */
  end(): void {
    const left = [...this.#underWay].map((name) => `${name} had not ended when the test did: await it`);
    if (left.length > 0) throw new Error(left.join("\n"));
    assertNoLeftovers(...this.#ended);
  }

  #complete<T extends TestOptions>(options: T): T {
    return { clock: this.#clock, endpoint: this.#endpoint, ...options };
  }

  async #watch<T extends TestRun>(name: string, running: Promise<T>): Promise<T> {
    this.#underWay.add(name);
    try {
      const run = await running;
      this.#ended.push(run);
      return run;
    } finally {
      this.#underWay.delete(name);
    }
  }
}

const benches = new WeakMap<object, TestBench>();

/** The bench of a test, by its vitest task. */
export function benchOf(test: object): TestBench {
  const bench = benches.get(test) ?? new TestBench();
  benches.set(test, bench);
  return bench;
}

/** The bench of a test that is over, once: its next try gets a new one. */
export function takeBench(test: object): TestBench | undefined {
  const bench = benches.get(test);
  benches.delete(test);
  return bench;
}
