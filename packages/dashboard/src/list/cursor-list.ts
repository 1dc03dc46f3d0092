import type { Answer, Fault } from "../api/fault.ts";
import { type Identified, mergeSlice, type Rows } from "./merge-slice.ts";

/** A page as the API gives it. */
export interface Page<Row> {
  readonly rows: Rows<Row>;
  /** Where the next one begins; undefined when there is none. */
  readonly next: string | undefined;
}

/** Where rows come from. */
export interface ListSource<Row extends Identified> {
  /** @param size 1 to 100 */
  read(
    page: { readonly size: number; readonly after: string | undefined },
    signal: AbortSignal,
  ): Promise<Answer<Page<Row>> | undefined>;
  /** The cursor after a row, where its id is one; lists without wait for a page's end. */
  cursorOf?(row: Row): string;
}

/** What is known of a list. */
export interface ListState<Row> {
  readonly rows: Rows<Row>;
  /** Nothing comes after the rows. */
  readonly complete: boolean;
  /** The first answer is still to come. */
  readonly loading: boolean;
  /** Rows that have come on top and are not shown yet, since the reader looks at others. */
  readonly waiting: number;
  /** There are more of them than {@link waiting}. */
  readonly waitingMore: boolean;
  readonly fault: Fault | undefined;
}

/** The rows on the screen. */
export interface VisibleRange {
  readonly first: number;
  readonly last: number;
}

const MOST_PER_PAGE = 100;
/** How many rows on top are looked at to count those that are new. */
const LOOK_AT = 25;
/** Rows below the screen that are there before they are scrolled to. */
const AHEAD = 30;

/**
 * A list that is read page by page as one scrolls, and of which only what is on the screen is read again. While the
 * reader is at the top new rows appear; further down they are counted, so that nothing jumps.
 */
export class CursorList<Row extends Identified> {
  readonly #source: ListSource<Row>;
  /** Cursors of rows after which a page ended. */
  readonly #cursors = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  #state: ListState<Row> = {
    rows: [],
    complete: false,
    loading: true,
    waiting: 0,
    waitingMore: false,
    fault: undefined,
  };
  #more: AbortController | undefined;
  #rounds = 0;

  constructor(source: ListSource<Row>) {
    this.#source = source;
  }

  readonly state = (): ListState<Row> => this.#state;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Reads what is on the screen again; further down also, every third time, whether something new is on top. */
  async refresh(range: VisibleRange, signal: AbortSignal): Promise<Answer<unknown> | undefined> {
    const from = range.first <= 0 ? 0 : this.#anchorBefore(range.first) + 1;
    const answer = await this.#readSlice(from, range, signal);
    if (answer?.ok !== true || from === 0 || this.#rounds++ % 3 !== 0) return answer;
    return await this.#countNew(signal);
  }

  /** Reads the next page when the screen comes near to the end of what is known. */
  loadMore(range: VisibleRange): void {
    const { rows, complete, loading } = this.#state;
    if (complete || loading || this.#more !== undefined || range.last < rows.length - AHEAD) return;
    const last = rows.at(-1);
    const after = last === undefined ? undefined : this.#cursorAfter(last);
    if (last === undefined || after === undefined) return;
    const end = (this.#more = new AbortController());
    void this.#source.read({ size: MOST_PER_PAGE, after }, end.signal).then((answer) => {
      this.#more = undefined;
      // What was known may have been replaced meanwhile; the next look asks again.
      if (answer === undefined || this.#state.rows.at(-1)?.id !== last.id) return;
      if (answer.ok) this.#take([...this.#state.rows, ...answer.value.rows], answer.value);
      else this.#set({ fault: answer.fault });
    });
  }

  /** Ends what is under way. */
  close(): void {
    this.#more?.abort();
  }

  async #readSlice(
    from: number,
    range: VisibleRange,
    signal: AbortSignal,
  ): Promise<Answer<unknown> | undefined> {
    const held = this.#state.rows;
    const anchor = held[from - 1];
    const size = Math.min(MOST_PER_PAGE, Math.max(AHEAD, range.last - from + 2));
    const after = anchor === undefined ? undefined : this.#cursorAfter(anchor);
    const answer = await this.#source.read({ size, after }, signal);
    if (answer === undefined || signal.aborted) return undefined;
    if (!answer.ok) {
      this.#set({ fault: answer.fault, loading: false });
      return answer;
    }
    // A page that came meanwhile only added to the end.
    const { rows, next } = answer.value;
    const merged = mergeSlice(this.#state.rows, from, rows, next === undefined);
    if (merged.keptTail) this.#set({ rows: merged.rows, ...FRESH, ...(from === 0 ? NOTHING_WAITING : {}) });
    else {
      this.#more?.abort();
      this.#more = undefined;
      this.#take(merged.rows, answer.value, from === 0);
    }
    return answer;
  }

  async #countNew(signal: AbortSignal): Promise<Answer<unknown> | undefined> {
    const answer = await this.#source.read({ size: LOOK_AT, after: undefined }, signal);
    if (!answer?.ok) return answer;
    const known = new Set(this.#state.rows.slice(0, LOOK_AT * 4).map((row) => row.id));
    const index = answer.value.rows.findIndex((row) => known.has(row.id));
    const more = index === -1 && answer.value.rows.length > 0;
    this.#set({ waiting: more ? answer.value.rows.length : Math.max(0, index), waitingMore: more });
    return answer;
  }

  /** Index of the nearest row above after which a page can begin; -1 for the top. */
  #anchorBefore(index: number): number {
    const { rows } = this.#state;
    for (let anchor = Math.min(index, rows.length) - 1; anchor >= 0; anchor--) {
      const row = rows[anchor];
      if (row !== undefined && this.#cursorAfter(row) !== undefined) return anchor;
    }
    return -1;
  }

  #cursorAfter(row: Row): string | undefined {
    return this.#source.cursorOf?.(row) ?? this.#cursors.get(row.id);
  }

  #take(rows: Rows<Row>, page: Page<Row>, fromTop = false): void {
    const last = page.rows.at(-1);
    if (last !== undefined && page.next !== undefined) this.#cursors.set(last.id, page.next);
    this.#set({
      rows,
      complete: page.next === undefined,
      ...FRESH,
      ...(fromTop ? NOTHING_WAITING : {}),
    });
  }

  #set(change: Partial<ListState<Row>>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

const FRESH = { loading: false, fault: undefined } as const;
const NOTHING_WAITING = { waiting: 0, waitingMore: false } as const;
