// JSON Schemas in words, for people: what a value is, its bounds, its choices, its default.

import { isObject } from "@/forms/json";
import { isFile, isSecret, ordered, resolved, type Schema } from "@/forms/schema";

/** An input, or a part of one, as a row of a table. */
export interface Row {
  name: string;
  type: string;
  /** "required", or the default in JSON. */
  default: string;
  bounds: string;
  description: string;
}

const DEEPEST = 6;
/** The longest list of choices, and the longest default, that are written out. */
const LONGEST = 160;

/** The inputs in the order of the signature; `schema` is that of the whole input. */
export function rowsOf(schema: Schema): Row[] {
  const required = new Set(schema.required ?? []);
  return ordered(schema.properties ?? {}).map(([name, one]) => {
    const own = isObject(one) ? (one as Schema) : {};
    const whole = resolved(own, schema) ?? own;
    return {
      name,
      type: typeWords(own, schema),
      default: required.has(name) ? "required" : defaultWords(own),
      bounds: boundsWords(own, schema),
      description: String(own.description ?? whole.description ?? ""),
    };
  });
}

export function defaultWords(schema: Schema): string {
  if (schema.default === undefined) return "";
  if (schema.default === null) return "nothing";
  return clipped(JSON.stringify(schema.default));
}

/** Such as "text", "list of whole numbers", "one of "a", "b"", "file or nothing". */
export function typeWords(given: Schema, root: Schema, depth = 0): string {
  const schema = resolved(given, root);
  if (schema === null || depth > DEEPEST) return "anything";
  const options = optionsOf(schema);
  if (options !== null) {
    const words = options.map((one) => typeWords(one, root, depth + 1));
    return [...new Set(words)].sort((one) => (one === "nothing" ? 1 : 0)).join(" or ");
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) {
    return clipped(`one of ${schema.enum.map((one) => JSON.stringify(one)).join(", ")}`);
  }
  if (isFile(schema)) return "file";
  if (isSecret(schema)) return "secret";
  return kindWords(schema, root, depth);
}

const KINDS: Record<string, string | undefined> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
  null: "nothing",
};

const FORMATS: Record<string, string | undefined> = {
  "date-time": "date and time",
  date: "date",
  time: "time",
  duration: "duration",
  uuid: "UUID",
  uri: "URL",
};

function kindWords(schema: Schema, root: Schema, depth: number): string {
  const { type } = schema;
  if (Array.isArray(type))
    return type.map((one) => kindWords({ ...schema, type: one }, root, depth)).join(" or ");
  if (type === "array") return listWords(schema, root, depth);
  if (type === "object" || schema.properties !== undefined) return objectWords(schema, root, depth);
  if (type === "string") return FORMATS[String(schema.format)] ?? "text";
  return KINDS[String(type)] ?? "anything";
}

function listWords(schema: Schema, root: Schema, depth: number): string {
  if (Array.isArray(schema.prefixItems)) {
    return `list of ${schema.prefixItems.map((one) => typeWords(one as Schema, root, depth + 1)).join(", then ")}`;
  }
  if (!isObject(schema.items)) return "list";
  return `list of (${typeWords(schema.items as Schema, root, depth + 1)})`.replace(/\(([^ ]+)\)$/, "$1");
}

function objectWords(schema: Schema, root: Schema, depth: number): string {
  const members = ordered(schema.properties ?? {});
  if (members.length === 0) {
    if (!isObject(schema.additionalProperties)) return "object";
    return `entries of ${typeWords(schema.additionalProperties as Schema, root, depth + 1)}`;
  }
  const required = new Set(schema.required ?? []);
  const written = members.map(([name, one]) => {
    const words = isObject(one) ? typeWords(one as Schema, root, depth + 1) : "anything";
    return `${name}${required.has(name) ? "" : "?"}: ${words}`;
  });
  return `${schema.title ?? "object"} {${written.join(", ")}}`;
}

/** Such as "1 to 10", "at most 5 characters", "image/*"; empty where there are none. */
export function boundsWords(given: Schema, root: Schema): string {
  const schema = resolved(given, root) ?? given;
  // Words about a file stand beside the alternatives, bounds of numbers inside of them.
  const all = [schema, ...(optionsOf(schema) ?? []).map((one) => resolved(one, root) ?? one)];
  return [...new Set(all.flatMap(boundsOf))].join(", ");
}

function boundsOf(schema: Schema): string[] {
  const { multipleOf, pattern } = schema;
  const media = schema["x-augury-media-types"];
  const most = schema["x-augury-max-bytes"];
  return [
    range(schema.minimum, schema.maximum, ""),
    schema.exclusiveMinimum === undefined ? "" : `more than ${schema.exclusiveMinimum}`,
    schema.exclusiveMaximum === undefined ? "" : `less than ${schema.exclusiveMaximum}`,
    range(schema.minLength, schema.maxLength, " characters"),
    schema.prefixItems === undefined ? range(schema.minItems, schema.maxItems, " items") : "",
    range(schema.minProperties, schema.maxProperties, " entries"),
    multipleOf === undefined ? "" : `a multiple of ${multipleOf}`,
    pattern === undefined ? "" : `matches ${clipped(pattern)}`,
    Array.isArray(media) ? media.join(" or ") : "",
    typeof most === "number" ? `at most ${most.toLocaleString("en")} bytes` : "",
  ].filter((words) => words !== "");
}

function range(least: unknown, most: unknown, unit: string): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
  if (least !== undefined) return `at least ${least}${unit}`;
  return most === undefined ? "" : `at most ${most}${unit}`;
}

export function optionsOf(schema: Schema): Schema[] | null {
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options)) return options.filter((one): one is Schema => isObject(one));
  const [only, ...others] = schema.allOf ?? [];
  return isObject(only) && others.length === 0 ? [only as Schema] : null;
}

function clipped(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
