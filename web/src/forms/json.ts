// JSON values, where they are in each other, and how they are changed without changing the old ones.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}
/** A value of a form: undefined stands for what is left out. */
export type Value = Json | undefined;
export type Path = readonly (string | number)[];

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON Pointer of a path. */
export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The value with another one at the path; undefined takes it away there (in a list: null stands for it). */
export function changed(value: Value, path: Path, to: Value): Value {
  const [step, ...rest] = path;
  if (step === undefined) return to;
  if (typeof step === "number") {
    const items: Json[] = Array.isArray(value) ? [...value] : [];
    while (items.length < step) items.push(null);
    items[step] = changed(items[step], rest, to) ?? null;
    return items;
  }
  const entries: JsonObject = isObject(value) ? { ...value } : {};
  const inner = changed(entries[step], rest, to);
  if (inner === undefined) delete entries[step];
  else set(entries, step, inner);
  return entries;
}

/** Puts an entry, also one that is called `__proto__`. */
export function set(into: JsonObject, key: string, value: Json): void {
  Object.defineProperty(into, key, { value, writable: true, enumerable: true, configurable: true });
}

/** The entries in the order of these names; others come after them. */
export function inOrder(entries: JsonObject, names: readonly string[]): JsonObject {
  const first = new Set(names);
  const ordered: JsonObject = {};
  for (const name of names) {
    const value = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (value !== undefined) set(ordered, name, value);
  }
  for (const [name, value] of Object.entries(entries)) if (!first.has(name)) set(ordered, name, value);
  return ordered;
}

export function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
