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
/** How many parts of a type are put into words: schemas that go in circles would have no end. */
const PARTS = 300;
/** How deep the members of objects are named. */
const MEMBERS = 2;
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
export function typeWords(given: Schema, root: Schema): string {
  return wordsOf(given, { root, depth: 0, left: { parts: PARTS } });
}

interface Walk {
  root: Schema;
  depth: number;
  left: { parts: number };
}

const inside = (walk: Walk): Walk => ({ ...walk, depth: walk.depth + 1 });

function wordsOf(given: Schema, walk: Walk): string {
  const schema = resolved(given, walk.root);
  walk.left.parts -= 1;
  if (walk.left.parts < 0 || walk.depth > DEEPEST) return "…";
  if (schema === null) return "anything";
  const options = optionsOf(schema);
  if (options !== null) {
    const words = new Set(options.map((one) => wordsOf(one, inside(walk))));
    return [
      ...[...words].filter((one) => one !== "nothing"),
      ...(words.has("nothing") ? ["nothing"] : []),
    ].join(" or ");
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) {
    return clipped(`one of ${schema.enum.map((one) => JSON.stringify(one)).join(", ")}`);
  }
  if (isFile(schema)) return "file";
  if (isSecret(schema)) return "secret";
  return kindWords(schema, walk);
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

function kindWords(schema: Schema, walk: Walk): string {
  const { type } = schema;
  if (Array.isArray(type)) return type.map((one) => kindWords({ ...schema, type: one }, walk)).join(" or ");
  if (type === "array") return listWords(schema, walk);
  if (type === "object" || schema.properties !== undefined) return objectWords(schema, walk);
  if (type === "string") return FORMATS[String(schema.format)] ?? "text";
  return KINDS[String(type)] ?? "anything";
}

function listWords(schema: Schema, walk: Walk): string {
  if (Array.isArray(schema.prefixItems)) {
    return `list of ${schema.prefixItems.map((one) => wordsOf(one as Schema, inside(walk))).join(", then ")}`;
  }
  if (!isObject(schema.items)) return "list";
  return `list of (${wordsOf(schema.items as Schema, inside(walk))})`.replace(/\(([^ ]+)\)$/, "$1");
}

function objectWords(schema: Schema, walk: Walk): string {
  const members = ordered(schema.properties ?? {});
  if (walk.depth > MEMBERS) return String(schema.title ?? "object");
  if (members.length === 0) {
    if (!isObject(schema.additionalProperties)) return "object";
    return `entries of ${wordsOf(schema.additionalProperties as Schema, inside(walk))}`;
  }
  const required = new Set(schema.required ?? []);
  const written = members.map(([name, one]) => {
    const words = isObject(one) ? wordsOf(one as Schema, inside(walk)) : "anything";
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
