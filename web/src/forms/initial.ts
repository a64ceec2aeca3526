// What a form begins with: the defaults of a schema, and of what has to be given as much as is certain.

import { isObject, type Json, type JsonObject, set, type Value } from "./json";
import { alternatives, isSecret, ordered, resolved, type Schema } from "./schema";

const DEEPEST = 12;

/** The input of an untouched form. What has no default and may be left out is left out. */
export function initialInput(schema: Schema): JsonObject {
  const value = begun(schema, schema, true, 0);
  return isObject(value) ? value : {};
}

/** What a new item, entry or alternative begins with; `root` has its references. */
export function blank(schema: Schema, root: Schema): Json {
  const value = begun(schema, root, true, 0);
  if (value !== undefined) return value;
  const kind = resolved(schema, root) ?? schema;
  if (Array.isArray(kind.enum) && kind.enum.length > 0) return kind.enum[0] as Json;
  if (kind.type === "boolean") return false;
  if (kind.type === "string" && kind.format === undefined && kind["x-augury-type"] === undefined) return "";
  return null;
}

function begun(given: Schema, root: Schema, required: boolean, depth: number): Value {
  const schema = depth > DEEPEST ? null : resolved(given, root);
  if (schema === null || isSecret(schema)) return undefined;
  const fallback = (schema.default ?? schema["x-form-default"] ?? null) as Json;
  if (fallback !== null && safe(fallback)) return structuredClone(fallback);
  return required ? demanded(schema, root, depth) : undefined;
}

function demanded(schema: Schema, root: Schema, depth: number): Value {
  if (schema.const !== undefined) return schema.const as Json;
  if (Array.isArray(schema.enum)) return schema.enum.length === 1 ? (schema.enum[0] as Json) : undefined;
  if (schema.allOf?.length === 1) return begun(schema.allOf[0] as Schema, root, true, depth + 1);
  const first = alternatives(schema)?.find((option) => option.type !== "null");
  if (first !== undefined) return begun(first, root, true, depth + 1);
  if (schema.type === "array") return schema.prefixItems === undefined ? [] : undefined;
  if (schema.type === "object" || schema.properties !== undefined) return members(schema, root, depth);
  return undefined;
}

function members(schema: Schema, root: Schema, depth: number): JsonObject {
  const required = new Set(schema.required ?? []);
  const found: JsonObject = {};
  for (const [name, inner] of ordered(schema.properties ?? {})) {
    if (typeof inner === "boolean") continue;
    const value = begun(inner, root, required.has(name), depth + 1);
    if (value !== undefined) set(found, name, value);
  }
  return found;
}

/** Whether a browser holds it unchanged; what it cannot hold is left out, which means the same default. */
function safe(value: Json): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every(safe);
  return isObject(value) ? Object.values(value).every(safe) : true;
}
