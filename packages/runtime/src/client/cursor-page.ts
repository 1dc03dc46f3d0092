import { ConfigError } from "../errors.ts";

/** One page of a list, newest first; iterating goes on through the following pages. */
export class CursorPage<Item> implements AsyncIterable<Item> {
  readonly data: readonly Item[];
  readonly pagination: { readonly next?: string | undefined; readonly previous?: string | undefined };
  readonly #fetchPage: (cursor: PageCursor) => Promise<CursorPage<Item>>;

  constructor(
    page: Pick<CursorPage<Item>, "data" | "pagination">,
    fetchPage: (cursor: PageCursor) => Promise<CursorPage<Item>>,
  ) {
    this.data = page.data;
    this.pagination = page.pagination;
    this.#fetchPage = fetchPage;
  }

  getPaginatedItems(): readonly Item[] {
    return this.data;
  }

  hasNextPage(): boolean {
    return this.pagination.next !== undefined;
  }

  hasPreviousPage(): boolean {
    return this.pagination.previous !== undefined;
  }

  /** @throws ConfigError when there is none */
  async getNextPage(): Promise<CursorPage<Item>> {
    if (this.pagination.next === undefined)
      throw new ConfigError("there is no next page; ask hasNextPage() first");
    return this.#fetchPage({ after: this.pagination.next });
  }

  /** @throws ConfigError when there is none */
  async getPreviousPage(): Promise<CursorPage<Item>> {
    if (this.pagination.previous === undefined)
      throw new ConfigError("there is no previous page; ask hasPreviousPage() first");
    return this.#fetchPage({ before: this.pagination.previous });
  }

  /** This page and the following ones, each fetched when it is asked for. */
  async *iterPages(): AsyncGenerator<CursorPage<Item>, void, undefined> {
    for (let page: CursorPage<Item> = this; ; page = await page.getNextPage()) {
      yield page;
      if (!page.hasNextPage()) return;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.iterPages()) yield* page.data;
  }
}

/** Where a page begins (`after`) or ends (`before`); opaque. */
export interface PageCursor {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** A first page that is on its way; it can be awaited, or iterated at once. */
export type CursorPagePromise<Item> = Promise<CursorPage<Item>> & AsyncIterable<Item>;

/** Makes the promise of a page iterable. */
export function cursorPagePromise<Item>(promise: Promise<CursorPage<Item>>): CursorPagePromise<Item> {
  return Object.assign(promise, {
    async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
      yield* await promise;
    },
  });
}
