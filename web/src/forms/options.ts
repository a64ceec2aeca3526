// Which of several alternatives a value is.

import { isObject, type Value } from "./json";
import { resolved, type Schema } from "./schema";
import { validator } from "./validator";

/** The place of the alternative that fits best; that of the first which is no null, where there is no value. */
export function fitting(options: Schema[], value: Value, root: Schema): number {
  if (value === undefined)
    return Math.max(
      0,
      options.findIndex((option) => option.type !== "null"),
    );
  const scores = options.map((option) => score(option, value, root));
  return scores.indexOf(Math.max(...scores));
}

/** Whether a value may be on its way to be of this alternative: of its JSON type, and with its marks. */
export function possible(option: Schema, value: Value, root: Schema): boolean {
  return value === undefined || score(option, value, root) > 0;
}

function score(option: Schema, value: Value, root: Schema): number {
  const schema = resolved(option, root) ?? option;
  if (!ofType(schema, value) || !marked(schema, value)) return 0;
  return validator.isValid(option, value, root) ? 2 : 1;
}

function ofType(schema: Schema, value: Value): boolean {
  const type = schema.type;
  if (typeof type !== "string") return !Array.isArray(schema.enum) || schema.enum.includes(value as never);
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "null") return value === null;
  return typeof value === type;
}

/** Members that have one value only, such as a `kind`, have that. */
function marked(schema: Schema, value: Value): boolean {
  if (!isObject(value)) return true;
  return Object.entries(schema.properties ?? {}).every(([name, inner]) => {
    if (typeof inner === "boolean" || value[name] === undefined) return true;
    const only = inner.const ?? (inner.enum?.length === 1 ? inner.enum[0] : undefined);
    return only === undefined || only === value[name];
  });
}
