// What kind of thing a value is, for whoever looks at it: told by its schema where it has one, and by itself.

import { type FileLink, fileLink } from "./links";

export type Json = unknown;
export type Schema = Record<string, unknown>;

export type Shown =
  | { kind: "null" }
  | { kind: "text"; text: string }
  | { kind: "scalar"; text: string }
  | { kind: "files"; files: FileLink[] }
  | { kind: "table"; rows: Record<string, Json>[]; columns: string[] }
  | { kind: "vectors"; vectors: number[][] }
  | { kind: "json" };

const MOST_COLUMNS = 60;
const FEWEST_NUMBERS = 8;
const LOOKED_AT = 2000;

/** How to show a whole output. */
export function shown(value: Json, schema: Schema | undefined): Shown {
  if (value === null || value === undefined) return { kind: "null" };
  if (typeof value === "string") {
    const file = fileLink(value, marked(schema, schema));
    return file === null ? { kind: "text", text: value } : { kind: "files", files: [file] };
  }
  if (typeof value !== "object") return { kind: "scalar", text: String(value) };
  if (!Array.isArray(value) || value.length === 0) return { kind: "json" };
  return list(value, schema);
}

function list(value: readonly Json[], schema: Schema | undefined): Shown {
  const files = filesOf(value, schema);
  if (files !== null) return { kind: "files", files };
  if (value.length >= FEWEST_NUMBERS && numbers(value)) return { kind: "vectors", vectors: [value] };
  if (value.every((one) => Array.isArray(one) && one.length >= FEWEST_NUMBERS && numbers(one))) {
    return { kind: "vectors", vectors: value as number[][] };
  }
  const columns = columnsOf(value);
  return columns === null
    ? { kind: "json" }
    : { kind: "table", rows: value as Record<string, Json>[], columns };
}

/** The links, where all of it are links to files. */
function filesOf(value: readonly Json[], schema: Schema | undefined): FileLink[] | null {
  const mark = marked(itemsOf(schema), schema);
  const files: FileLink[] = [];
  for (const one of value) {
    const file = typeof one === "string" ? fileLink(one, mark) : null;
    if (file === null) return null;
    files.push(file);
  }
  return files;
}

function numbers(value: readonly Json[]): value is number[] {
  return value.every((one) => typeof one === "number");
}

/** The columns of a list of flat objects, in the order in which they come up; null for anything else. */
function columnsOf(value: readonly Json[]): string[] | null {
  const columns = new Set<string>();
  for (const [place, row] of value.entries()) {
    if (typeof row !== "object" || row === null || Array.isArray(row)) return null;
    if (place >= LOOKED_AT) continue;
    for (const [key, cell] of Object.entries(row)) {
      if (typeof cell === "object" && cell !== null) return null;
      columns.add(key);
    }
    if (columns.size > MOST_COLUMNS) return null;
  }
  return columns.size === 0 ? null : [...columns];
}

/** Whether the pieces of a stream make up one text, as its schemas say; or as the pieces look, where they do not. */
export function isText(
  output: Schema | undefined,
  stream: Schema | undefined,
  items: readonly Json[],
): boolean {
  if (output === undefined || stream === undefined) return items.every((one) => typeof one === "string");
  const [whole, piece] = [resolved(output, output), resolved(stream, stream)];
  if (piece?.type !== "string" || marked(stream, stream)) return false;
  return whole?.type === "string" || whole?.["x-cog-array-display"] === "concatenate";
}

const MOST_FILES = 12;

/** The files that a value links to, a few levels deep; not all of very many. */
export function filesIn(value: Json, root: Schema | undefined): FileLink[] {
  const found: FileLink[] = [];
  const look = (one: Json, schema: Schema | undefined, depth: number) => {
    if (found.length >= MOST_FILES) return;
    const file = typeof one === "string" ? fileLink(one, marked(schema, root)) : null;
    if (file !== null) found.push(file);
    if (depth >= 6) return;
    for (const [key, inner] of entriesOf(one)) look(inner, within(schema, root, key), depth + 1);
  };
  look(value, root, 0);
  return found;
}

function entriesOf(value: Json): (readonly [string | number, Json])[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.slice(0, LOOKED_AT).map((one, place) => [place, one] as const);
  return Object.entries(value).slice(0, LOOKED_AT);
}

/** Whether a schema says that a text is a link to a file, be it one choice of several. */
export function marked(schema: Schema | undefined, root: Schema | undefined, depth = 0): boolean {
  const found = resolved(schema, root);
  if (found === undefined || depth > 5) return false;
  if (found["x-augury-type"] === "file") return true;
  const choices = [found.anyOf, found.oneOf].filter(Array.isArray).flat() as Schema[];
  return choices.some((one) => marked(one, root, depth + 1));
}

/** The schema of what is in a list or object under `key`. */
export function within(
  schema: Schema | undefined,
  root: Schema | undefined,
  key: string | number,
): Schema | undefined {
  const found = resolved(schema, root);
  if (found === undefined) return undefined;
  if (typeof key === "number") return itemsOf(found);
  const properties = found.properties as Record<string, Schema> | undefined;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  const others = found.additionalProperties;
  return typeof others === "object" && others !== null ? (others as Schema) : undefined;
}

function itemsOf(schema: Schema | undefined): Schema | undefined {
  const items = schema?.items;
  return typeof items === "object" && items !== null && !Array.isArray(items) ? (items as Schema) : undefined;
}

function resolved(schema: Schema | undefined, root: Schema | undefined): Schema | undefined {
  let found = schema;
  for (let step = 0; step < 8 && typeof found?.$ref === "string"; step++) {
    if (!found.$ref.startsWith("#/")) return undefined;
    let place: unknown = root;
    for (const part of found.$ref.slice(2).split("/")) {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      place =
        typeof place === "object" && place !== null && Object.hasOwn(place, key)
          ? (place as Schema)[key]
          : undefined;
    }
    found = place as Schema | undefined;
  }
  return found;
}
