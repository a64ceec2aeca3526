// What a field takes, in a few words: "integer, 1 to 10", "text, up to 100 characters", "image/*, up to 5 MB".

import { bytes } from "@/ui/bytes";
import { alternatives, isFile, nameOf, numberOf, type Schema } from "./schema";

/** Said beside a field's name. */
export function hint(schema: Schema, required: boolean): string {
  const options = alternatives(schema)?.filter((option) => option.type !== "null");
  const only = options?.length === 1 ? options[0] : undefined;
  const inner = only ?? schema;
  const said = [kind(inner), bounds(inner), required ? "" : "optional"];
  return said.filter((word) => word !== "").join(", ");
}

function kind(schema: Schema): string {
  if (isFile(schema)) {
    const types = schema["x-augury-media-types"] as string[] | undefined;
    return types === undefined ? "file" : types.join(", ");
  }
  if (schema.enum !== undefined || schema.const !== undefined || alternatives(schema) !== null) return "";
  if (schema.$ref !== undefined) return "";
  if (schema.type === "boolean" || schema.type === "object") return "";
  if (schema.type === "array") return schema.uniqueItems === true ? "set" : "list";
  const name = nameOf({ ...schema, title: undefined });
  return name === "UUID" ? name : name.toLowerCase();
}

function bounds(schema: Schema): string {
  if (isFile(schema)) {
    const most = numberOf(schema, "x-augury-max-bytes");
    return most === undefined ? "" : `up to ${bytes(most)}`;
  }
  if (schema.type === "string") return range(schema, "minLength", "maxLength", "character");
  if (schema.type === "array" && schema.prefixItems === undefined) {
    return range(schema, "minItems", "maxItems", "item");
  }
  return numbers(schema);
}

function range(schema: Schema, least: string, most: string, unit: string): string {
  const low = numberOf(schema, least);
  const high = numberOf(schema, most);
  const units = `${unit}${(high ?? low) === 1 ? "" : "s"}`;
  if (low !== undefined && high !== undefined)
    return low === high ? `${told(low)} ${units}` : `${told(low)} to ${told(high)} ${units}`;
  if (high !== undefined) return `up to ${told(high)} ${units}`;
  return low === undefined || low === 0 ? "" : `at least ${told(low)} ${units}`;
}

function numbers(schema: Schema): string {
  const at = (keyword: string) => numberOf(schema, keyword);
  const [low, above, high, below] = [
    at("minimum"),
    at("exclusiveMinimum"),
    at("maximum"),
    at("exclusiveMaximum"),
  ];
  const step = at("multipleOf");
  const said = [
    low !== undefined && high !== undefined ? `${told(low)} to ${told(high)}` : "",
    low !== undefined && high === undefined ? `at least ${told(low)}` : "",
    low === undefined && high !== undefined ? `at most ${told(high)}` : "",
    above === undefined ? "" : `over ${told(above)}`,
    below === undefined ? "" : `under ${told(below)}`,
    step === undefined ? "" : `a multiple of ${step}`,
  ];
  return said.filter((word) => word !== "").join(", ");
}

/** "10,000"; small fractions as they are. */
function told(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en") : String(value);
}
