// An input without its secrets, for what is shown or kept. Where a schema has alternatives, what is secret in one is.

import { isObject, type Json, type JsonObject, set, type Value } from "@/forms/json";
import { isSecret, resolved, type Schema } from "@/forms/schema";

/** What stands in the place of a secret of that name; undefined leaves it out. */
type Instead = (name: string) => Value;

const SAME_VALUE = ["allOf", "anyOf", "oneOf"] as const;
/** How deep schemas are followed; those of signatures are not deeper, and ones that go in circles end here. */
const DEEPEST = 24;

/** The input as it may be seen. `schema` is that of the whole input. */
export function withoutSecrets(schema: Schema, input: JsonObject, instead: Instead): JsonObject {
  const shown = hidden([schema], input, { root: schema, instead, name: "input" }, 0);
  return isObject(shown) ? shown : {};
}

interface Walk {
  root: Schema;
  instead: Instead;
  name: string;
}

function hidden(given: unknown[], value: Json, walk: Walk, depth: number): Value {
  if (value === null || depth > DEEPEST) return value;
  const schemas = given.flatMap((schema) => alternatives(schema, walk.root, 0));
  if (schemas.some(isSecret)) return walk.instead(walk.name);
  if (Array.isArray(value)) {
    return value
      .map((one, place) =>
        hidden(
          schemas.map((schema) => itemOf(schema, place)),
          one,
          walk,
          depth + 1,
        ),
      )
      .filter((one) => one !== undefined);
  }
  if (!isObject(value)) return value;
  const shown: JsonObject = {};
  for (const [name, one] of Object.entries(value)) {
    const members = schemas.map((schema) => memberOf(schema, name));
    const inner = hidden(members, one, { ...walk, name }, depth + 1);
    if (inner !== undefined) set(shown, name, inner);
  }
  return shown;
}

/** Every schema that is asked of the same value. */
function alternatives(given: unknown, root: Schema, depth: number): Schema[] {
  const schema = isObject(given) && depth <= DEEPEST ? resolved(given as Schema, root) : null;
  if (schema === null) return [];
  const options = SAME_VALUE.flatMap((key) => (Array.isArray(schema[key]) ? (schema[key] as unknown[]) : []));
  return [schema, ...options.flatMap((one) => alternatives(one, root, depth + 1))];
}

function itemOf(schema: Schema, place: number): unknown {
  const first: unknown[] = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
  return first[place] ?? schema.items;
}

function memberOf(schema: Schema, name: string): unknown {
  const properties: Record<string, unknown> = schema.properties ?? {};
  return Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
}
