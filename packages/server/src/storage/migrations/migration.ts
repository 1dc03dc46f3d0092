/** One step of the schema. Numbers grow by one; a released step is never changed, a new one is added instead. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** Statements that are allowed inside a PL/pgSQL block: definitions and data changes, no bare SELECT. */
  readonly sql: string;
}
