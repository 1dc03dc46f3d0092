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

/** A list or an object with more members than this is closed from the start, unless it stands alone. */
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
  for (const row of memberRows(container, parent)) {
    const { level, value } = row;
    const count = memberCount(value) ?? 0;
    if (count === 0) {
      rows.push(row);
      continue;
    }
    const expanded = openings.get(row.id) ?? (level <= MAX_OPEN_LEVEL && count <= MAX_OPEN_MEMBERS);
    const opened = { ...row, expanded };
    rows.push(opened);
    if (expanded && isContainer(value)) addMembers(rows, value, opened, openings);
  }
}

/** Adds what matches, below what contains it. @returns whether anything did */
function addMatches(
  rows: DocumentRow[],
  container: JsonObject | readonly JsonValue[],
  parent: DocumentRow | undefined,
  text: string,
): boolean {
  let found = false;
  for (const row of memberRows(container, parent)) {
    const at = rows.length;
    const opened = { ...row, expanded: true };
    const below = isContainer(row.value) && addMatches(rows, row.value, opened, text);
    if (below) rows.splice(at, 0, opened);
    else if (matches(row, text)) rows.push(row);
    else continue;
    found = true;
  }
  return found;
}

function matches({ name, value }: DocumentRow, text: string): boolean {
  if (String(name).toLowerCase().includes(text)) return true;
  return !isContainer(value) && String(value).toLowerCase().includes(text);
}

function* memberRows(
  container: JsonObject | readonly JsonValue[],
  parent: DocumentRow | undefined,
): Generator<DocumentRow> {
  const isList = Array.isArray(container);
  const names = isList ? container.keys() : Object.keys(container);
  const siblings = isList ? container.length : Object.keys(container).length;
  const level = (parent?.level ?? 0) + 1;
  let position = 0;
  for (const name of names) {
    const value = (container as Record<string | number, JsonValue>)[name] ?? null;
    position += 1;
    const id = memberId(parent?.id ?? "", name);
    yield { id, parent, name, value, level, position, siblings, expanded: undefined };
  }
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === "object" && value !== null;
}
