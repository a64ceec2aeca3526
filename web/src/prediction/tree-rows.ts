// A JSON value as the rows of a tree: those that are seen, given what is open. Nothing here recurses: values are deep.

import { marked, type Schema, within } from "./kinds";

export interface Row {
  /** Where it is, such as "/images/0"; "" for the whole. */
  path: string;
  depth: number;
  name: string | number | null;
  value: unknown;
  /** How many it holds; null for what holds nothing. */
  count: number | null;
  open: boolean;
  /** Its place among its siblings, from 1, and how many they are. */
  place: number;
  of: number;
  /** Whether its schema says that it is a file. */
  file: boolean;
}

/** What was opened and closed by hand; everything else is as `rest` says. */
export interface Opened {
  rest: "some" | "all" | "none";
  by: ReadonlyMap<string, boolean>;
}

export const CLOSED: Opened = { rest: "some", by: new Map() };
const MOST_ROWS = 500_000;
const FEW = 40;
const MOST_FOUND = 1000;

interface Waiting {
  path: string;
  depth: number;
  name: string | number | null;
  value: unknown;
  place: number;
  of: number;
  schema: Schema | undefined;
}

/** The rows that are seen, in order. */
export function rowsOf(value: unknown, opened: Opened, schema: Schema | undefined): Row[] {
  const rows: Row[] = [];
  const waiting: Waiting[] = [{ path: "", depth: 0, name: null, value, place: 1, of: 1, schema }];
  for (let next = waiting.pop(); next !== undefined && rows.length < MOST_ROWS; next = waiting.pop()) {
    const count = countOf(next.value);
    const open = count !== null && count > 0 && isOpen(next, count, opened);
    const { path, depth, name, place, of } = next;
    const file = typeof next.value === "string" && marked(next.schema, schema);
    rows.push({ path, depth, name, value: next.value, count, open, place, of, file });
    if (open) pushAll(waiting, children(next, schema).reverse());
  }
  return rows;
}

/** Where a text is found in keys and values, in order; at most a thousand places. */
export function find(value: unknown, text: string): string[] {
  const wanted = text.toLowerCase();
  const found: string[] = [];
  if (wanted === "") return found;
  const waiting: Waiting[] = [{ path: "", depth: 0, name: null, value, place: 1, of: 1, schema: undefined }];
  for (let next = waiting.pop(); next !== undefined && found.length < MOST_FOUND; next = waiting.pop()) {
    const named = typeof next.name === "string" && next.name.toLowerCase().includes(wanted);
    const holds = countOf(next.value) !== null;
    if (named || (!holds && String(next.value).toLowerCase().includes(wanted))) found.push(next.path);
    if (holds) pushAll(waiting, children(next, undefined).reverse());
  }
  return found;
}

/** The same with everything open that leads to `path`. */
export function openTo(opened: Opened, path: string): Opened {
  const by = new Map(opened.by);
  for (let end = path.lastIndexOf("/"); end >= 0; end = end === 0 ? -1 : path.lastIndexOf("/", end - 1)) {
    by.set(path.slice(0, end), true);
  }
  return { ...opened, by };
}

export function toggled(opened: Opened, row: Row): Opened {
  return { ...opened, by: new Map(opened.by).set(row.path, !row.open) };
}

function isOpen({ path, depth, of }: Waiting, count: number, { rest, by }: Opened): boolean {
  const chosen = by.get(path);
  if (chosen !== undefined) return chosen;
  if (rest !== "some") return rest === "all";
  return depth === 0 || (depth < 3 && count <= FEW && of <= FEW);
}

function countOf(value: unknown): number | null {
  if (typeof value !== "object" || value === null) return null;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function children({ path, depth, value, schema }: Waiting, root: Schema | undefined): Waiting[] {
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? Array.from(value, (one, place) => [place, one])
    : Object.entries(value as object);
  const same = Array.isArray(value) ? within(schema, root, 0) : undefined;
  return entries.map(([name, one], index) => ({
    path: `${path}/${typeof name === "number" ? name : name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    depth: depth + 1,
    name,
    value: one,
    place: index + 1,
    of: entries.length,
    schema: typeof name === "number" ? same : within(schema, root, name),
  }));
}

/** As push with all of them, which a call cannot take as arguments. */
function pushAll(waiting: Waiting[], more: readonly Waiting[]) {
  for (const one of more) waiting.push(one);
}
