import { HttpError } from "./http-error.ts";

interface Issue {
  readonly code: "custom";
  readonly message: string;
  readonly path: readonly string[];
}

class QueryFault extends Error {}

/** Refuses a query parameter; for parsers that {@link QueryReader.read} calls. */
export function queryFault(message: string): never {
  throw new QueryFault(message.slice(0, 200));
}

/** Reads query parameters and collects what is wrong instead of stopping at the first. */
export class QueryReader {
  readonly #parameters: URLSearchParams;
  readonly #issues: Issue[] = [];

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  /** A parameter's value; undefined when it is missing, empty or wrong. */
  read<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = this.#parameters.get(name);
    if (text === null || text === "") return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof QueryFault)) throw error;
      this.#issues.push({ code: "custom", message: error.message, path: [name] });
      return undefined;
    }
  }

  /** @throws HttpError 400 `Query Error` naming every parameter that is wrong */
  throwIssues(): void {
    if (this.#issues.length > 0) throw new HttpError(400, { error: "Query Error", details: this.#issues });
  }
}

/** Rows of one page, 1 to 100. */
export function pageSize(text: string): number {
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return size >= 1 && size <= MAX_PAGE_SIZE
    ? size
    : queryFault(`Page size must be between 1 and ${MAX_PAGE_SIZE}`);
}

const MAX_PAGE_SIZE = 100;
