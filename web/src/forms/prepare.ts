// A version's input schema -> the same one as the form's fields want it: fields in order, alternatives spelt out.
//
// Defaults are put aside (x-form-default), as what is left out must stay left out until it is touched; so are the
// values of dicts (x-form-values), each of which the form would else take for a field of its own.

import type { Json } from "./json";
import { ANYTHING, alternatives, DEFAULT, EXACT, LABEL, ordered, type Schema, VALUES } from "./schema";

/** Keywords that are about the place, not about one of the alternatives that it has. */
const OF_THE_PLACE = new Set([
  "title",
  "description",
  "default",
  "deprecated",
  "x-order",
  "$defs",
  "definitions",
]);
const KINDS = ["type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "properties", "items", "if"];
const OF_KIND: Record<string, readonly string[]> = {
  string: ["minLength", "maxLength", "pattern", "format", "x-augury-media-types", "x-augury-max-bytes"],
  array: ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"],
  object: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
};

/** The schema of a form; `root` is what the API says, and is not changed. */
export function prepared(root: Schema): Schema {
  const { $schema: _, ...schema } = root;
  return walked({ type: "object", ...schema });
}

function walked(given: unknown): Schema {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return { [ANYTHING]: true };
  const schema = aside(spread(typesApart(single({ ...(given as Schema) }))));
  for (const group of ["$defs", "definitions"]) if (isMap(schema[group])) schema[group] = each(schema[group]);
  const components = schema.components as { schemas?: unknown } | undefined;
  if (isMap(components?.schemas)) schema.components = { ...components, schemas: each(components.schemas) };
  if (isMap(schema.properties)) {
    schema.type ??= "object";
    schema.properties = Object.fromEntries(
      ordered(schema.properties).map(([name, inner]) => [name, labelled(walked(inner), inner)]),
    );
  }
  if (Array.isArray(schema.prefixItems)) schema.prefixItems = schema.prefixItems.map(walked);
  if (schema.type === "array") schema.items = walked(schema.items);
  if (schema.anyOf !== undefined) schema.anyOf = schema.anyOf.map(walked);
  if (Array.isArray(schema.allOf)) schema.allOf = schema.allOf.map(walked);
  if (!KINDS.some((keyword) => keyword in schema)) schema[ANYTHING] = true;
  return schema;
}

/** A field is called as its place says; the title of a type that it refers to is another thing. */
function labelled(schema: Schema, given: unknown): Schema {
  const title: unknown = isMap(given) ? given.title : undefined;
  return typeof title === "string" && title !== "" ? { ...schema, [LABEL]: title } : schema;
}

function each(schemas: Record<string, unknown>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, walked(schema)]));
}

/** `allOf` of one, as some write a reference that has a description, is that one. */
function single(schema: Schema): Schema {
  const only = schema.allOf?.length === 1 ? schema.allOf[0] : undefined;
  if (!isMap(only)) return schema;
  const { allOf: _, ...beside } = schema;
  return { ...(only as Schema), ...beside };
}

/** `type: [a, b]` is one of both; an exact decimal is a text of digits. */
function typesApart(schema: Schema): Schema {
  if (!Array.isArray(schema.type) || schema.enum !== undefined) return schema;
  const { type: types, ...rest } = schema;
  if (types.includes("string") && types.includes("number") && rest.pattern !== undefined) {
    const text = { ...rest, type: "string" as const, [EXACT]: true };
    return types.includes("null") ? { ...place(rest), anyOf: [text, { type: "null" }] } : text;
  }
  return { ...rest, anyOf: types.map((type) => ({ type })) };
}

/** One of several: what is said beside them is said of each that it fits. */
function spread(schema: Schema): Schema {
  const options = alternatives(schema);
  if (options === null) return schema;
  if (Array.isArray(schema.enum)) {
    const { anyOf: _, oneOf: __, type: ___, ...rest } = schema;
    return rest;
  }
  const values = options.flatMap(constants);
  if (values.every((value) => value !== undefined)) return { ...place(schema), enum: values as Json[] };
  const flat = options.flatMap((option) => {
    const inner = Object.keys(option).every((key) => key === "anyOf") ? alternatives(option) : null;
    return inner ?? [option];
  });
  return { ...place(schema), anyOf: flat.map((option) => ({ ...beside(schema, option), ...option })) };
}

function constants(option: Schema): unknown[] {
  if (option.type === "null") return [null];
  if (Array.isArray(option.enum)) return option.enum;
  return option.const === undefined ? [undefined] : [option.const];
}

function place(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => OF_THE_PLACE.has(key)));
}

function beside(schema: Schema, option: Schema): Schema {
  const kind = option.type === "integer" ? "number" : String(option.type);
  return Object.fromEntries(
    (OF_KIND[kind] ?? []).filter((key) => key in schema).map((key) => [key, schema[key]]),
  );
}

/** Defaults and the values of dicts, where rjsf does not look for them. */
function aside(schema: Schema): Schema {
  const { default: value, additionalProperties: values, patternProperties: _, ...rest } = schema;
  const kept: Schema = { ...rest };
  if (value !== undefined) kept[DEFAULT] = value;
  const others = values !== undefined && values !== false;
  if (others || (kept.type === "object" && kept.properties === undefined && values === undefined)) {
    kept.type = "object";
    kept[VALUES] = walked(values);
  }
  return kept;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
