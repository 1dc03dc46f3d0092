import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";

/** One line of a tree: a member of an object or an item of a list, at its place. */
export interface DocumentRow {
  /** Tells rows apart, and stays the same while the row is at the same place: a JSON pointer. */
  readonly id: string;
  readonly parent: DocumentRow | undefined;
  readonly name: string | number;
  readonly value: JsonValue;
  /** 1 for the top of the document. */
  readonly level: number;
  /** From 1, among its siblings. */
  readonly position: number;
  readonly siblings: number;
  /** Undefined for what has nothing below it. */
  readonly expanded: boolean | undefined;
}

/** What is open, by the rows' ids: what the reader opened and closed wins over what is open from the start. */
export type Openings = ReadonlyMap<string, boolean>;

/** A list or an object with more members than this, or among more, is closed from the start. */
const MAX_OPEN_MEMBERS = 50;
/** What is deeper is closed from the start. */
const MAX_OPEN_LEVEL = 2;

/**
 * The rows of a document as they stand below each other: members of what is open follow it. Linear in what is shown,
 * so it is made once a document and not once a render.
 */
export function documentRows(document: JsonObject | readonly JsonValue[], openings: Openings): DocumentRow[] {
  const rows: DocumentRow[] = [];
  addMembers(rows, document, undefined, openings);
  return rows;
}

/**
 * The rows whose name or text contains a text in any case, below what contains them. Linear in the document and its
 * texts.
 */
export function matchingRows(document: JsonObject | readonly JsonValue[], text: string): DocumentRow[] {
  const rows: DocumentRow[] = [];
  addMatches(rows, document, undefined, text.toLowerCase());
  return rows;
}

/** Names and indexes from the top of the document to the row. */
export function rowPath(row: DocumentRow): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: DocumentRow | undefined = row; at !== undefined; at = at.parent) path.unshift(at.name);
  return path;
}

/** How many members a value has; undefined for what has none by its kind. */
export function memberCount(value: JsonValue): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

/** A row's id: its parent's, and its name escaped as JSON pointers have it. */
export function memberId(parentId: string, name: string | number): string {
  if (typeof name === "number") return `${parentId}/${name}`;
  const escaped =
    name.includes("~") || name.includes("/") ? name.replaceAll("~", "~0").replaceAll("/", "~1") : name;
  return `${parentId}/${escaped}`;
}

function addMembers(
  rows: DocumentRow[],
  container: JsonObject | readonly JsonValue[],
  parent: DocumentRow | undefined,
  openings: Openings,
): void {
  const names = namesIn(container);
  for (let index = 0; index < names.length; index++) {
    const row = rowOf(container, names, index, parent);
    rows.push(row);
    const { value } = row;
    const count = memberCount(value) ?? 0;
    if (count === 0 || !isContainer(value)) continue;
    row.expanded = openings.get(row.id) ?? isOpenAtFirst(row, count);
    if (row.expanded) addMembers(rows, value, row, openings);
  }
}

/** Adds what matches, below what contains it. @returns whether anything did */
function addMatches(
  rows: DocumentRow[],
  container: JsonObject | readonly JsonValue[],
  parent: DocumentRow | undefined,
  text: string,
): boolean {
  const names = namesIn(container);
  let found = false;
  for (let index = 0; index < names.length; index++) {
    const row = rowOf(container, names, index, parent);
    const at = rows.length;
    rows.push(row);
    row.expanded = isContainer(row.value) && addMatches(rows, row.value, row, text) ? true : undefined;
    if (row.expanded || matches(row, text)) found = true;
    else rows.length = at;
  }
  return found;
}

function matches({ name, value }: DocumentRow, text: string): boolean {
  if (String(name).toLowerCase().includes(text)) return true;
  return !isContainer(value) && String(value).toLowerCase().includes(text);
}

/** A row that is still being made. */
type NewRow = { -readonly [Key in keyof DocumentRow]: DocumentRow[Key] };

function rowOf(
  container: JsonObject | readonly JsonValue[],
  names: readonly (string | number)[],
  index: number,
  parent: DocumentRow | undefined,
): NewRow {
  const name = names[index] ?? index;
  return {
    id: memberId(parent?.id ?? "", name),
    parent,
    name,
    value: (container as Record<string | number, JsonValue>)[name] ?? null,
    level: (parent?.level ?? 0) + 1,
    position: index + 1,
    siblings: names.length,
    expanded: undefined,
  };
}

function namesIn(container: JsonObject | readonly JsonValue[]): (string | number)[] {
  return Array.isArray(container) ? [...container.keys()] : Object.keys(container);
}

function isOpenAtFirst({ level, siblings }: DocumentRow, count: number): boolean {
  return level <= MAX_OPEN_LEVEL && siblings <= MAX_OPEN_MEMBERS && count <= MAX_OPEN_MEMBERS;
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === "object" && value !== null;
}
