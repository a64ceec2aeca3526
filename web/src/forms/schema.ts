// JSON Schemas of inputs as a form looks at them: references, words, and what kind of value is meant.

import type { RJSFSchema } from "@rjsf/utils";
import { isObject, type Json, type JsonObject } from "./json";

export type Schema = RJSFSchema;

/** Keywords of ours in a schema that is prepared for a form; see prepare.ts. */
export const DEFAULT = "x-form-default";
export const VALUES = "x-form-values";
export const ANYTHING = "x-form-anything";
export const LABEL = "x-form-label";
export const EXACT = "x-form-exact";

/** What a reference of the same document leads to, followed to its end; null where it leads nowhere. */
export function resolved(schema: Schema, root: Schema): Schema | null {
  let at: Schema = schema;
  const seen = new Set<string>();
  while (typeof at.$ref === "string") {
    if (seen.has(at.$ref)) return null;
    seen.add(at.$ref);
    const target = found(at.$ref, root);
    if (target === null) return null;
    const { $ref: _, ...beside } = at;
    at = { ...target, ...beside };
  }
  return at;
}

function found(reference: string, root: Schema): Schema | null {
  if (!reference.startsWith("#")) return null;
  const steps = decodeURIComponent(reference.slice(1)).split("/").slice(1);
  let at: unknown = root;
  for (const step of steps) {
    if (typeof at !== "object" || at === null) return null;
    at = (at as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return isObject(at) ? (at as Schema) : null;
}

/** The properties of an object's schema, in the order of the signature. */
export function ordered(properties: Record<string, unknown>): [string, Schema | boolean][] {
  const order = (schema: unknown) => {
    const place = isObject(schema) ? schema["x-order"] : undefined;
    return typeof place === "number" ? place : Number.POSITIVE_INFINITY;
  };
  const entries = Object.entries(properties) as [string, Schema | boolean][];
  return entries
    .map((entry, place) => ({ entry, place, order: order(entry[1]) }))
    .sort((one, other) => (one.order === other.order ? one.place - other.place : one.order - other.order))
    .map(({ entry }) => entry);
}

export function alternatives(schema: Schema): Schema[] | null {
  const options = schema.anyOf ?? schema.oneOf;
  return Array.isArray(options) ? options.filter((one): one is Schema => isObject(one)) : null;
}

export function isSecret(schema: Schema): boolean {
  return (
    schema["x-augury-type"] === "secret" || schema.format === "password" || schema["x-cog-secret"] === true
  );
}

export function isFile(schema: Schema): boolean {
  return schema["x-augury-type"] === "file";
}

export function defaultOf(schema: Schema): Json | undefined {
  return schema[DEFAULT] as Json | undefined;
}

/** A number or a list of them that comes from a schema; anything else is undefined. */
export function numberOf(schema: Schema, keyword: string): number | undefined {
  const value: unknown = schema[keyword];
  return typeof value === "number" ? value : undefined;
}

/** A type as one word or two, for those who choose among several. */
export function nameOf(schema: Schema): string {
  if (typeof schema.title === "string" && schema.title !== "") return schema.title;
  if (schema.const !== undefined) return String(schema.const);
  if (Array.isArray(schema.enum)) return "Choice";
  if (isFile(schema)) return "File";
  if (isSecret(schema)) return "Secret";
  const format = FORMATS[String(schema.format)];
  if (format !== undefined) return format;
  if (schema.type === "object" && schema.properties === undefined) return "Entries";
  if (schema.type === "array" && schema.prefixItems !== undefined) return "Tuple";
  return TYPES[String(schema.type)] ?? "Anything";
}

const FORMATS: Record<string, string | undefined> = {
  "date-time": "Date and time",
  date: "Date",
  time: "Time",
  duration: "Duration",
  uuid: "UUID",
};

const TYPES: Record<string, string | undefined> = {
  string: "Text",
  integer: "Integer",
  number: "Number",
  boolean: "True or false",
  null: "Null",
  array: "List",
  object: "Object",
};

export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
