// What changed between the schemas of two versions, and whether it breaks those who call the model.
//
// A caller gives an input and reads an output. So an input may only get wider: what was taken still has to be; an
// output may only get narrower: what comes has to be something that could come before.

import { isObject } from "@/forms/json";
import { ordered, resolved, type Schema } from "@/forms/schema";
import { boundsWords, defaultWords, optionsOf, typeWords } from "./schema-words";

export interface Schemas {
  input: Schema;
  output: Schema;
  stream_output?: Schema | null;
}

export type Kind =
  | "added"
  | "removed"
  | "type"
  | "choices"
  | "bounds"
  | "default"
  | "required"
  | "description";

export interface Change {
  /** Which input, such as "boxes[].width"; empty for the whole. */
  path: string;
  kind: Kind;
  before: string;
  after: string;
  breaks: boolean;
}

export interface SchemaDiff {
  input: Change[];
  output: Change[];
  stream: Change[];
  breaks: boolean;
}

export function schemaDiff(from: Schemas, to: Schemas): SchemaDiff {
  const input = compared(from.input, to.input, "in");
  const output = compared(from.output, to.output, "out");
  const stream = streamDiff(from.stream_output ?? null, to.stream_output ?? null);
  return { input, output, stream, breaks: [...input, ...output, ...stream].some((change) => change.breaks) };
}

function streamDiff(from: Schema | null, to: Schema | null): Change[] {
  if (from !== null && to !== null) return compared(from, to, "out");
  if (to !== null) return [change("", "added", "", typeWords(to, to), false)];
  return from === null ? [] : [change("", "removed", typeWords(from, from), "", true)];
}

type Direction = "in" | "out";

/** Both schemas at a place, with the documents that their references lead into. */
interface Pair {
  path: string;
  from: Schema;
  to: Schema;
  roots: readonly [from: Schema, to: Schema];
  direction: Direction;
  depth: number;
  left: { places: number };
}

const DEEPEST = 8;
/** How many places are compared: schemas that go in circles would have no end. */
const PLACES = 2000;

function compared(from: Schema, to: Schema, direction: Direction): Change[] {
  return atPlace({ path: "", from, to, roots: [from, to], direction, depth: 0, left: { places: PLACES } });
}

function atPlace(given: Pair): Change[] {
  given.left.places -= 1;
  if (given.left.places < 0) return [];
  const words = described(given);
  const pair = { ...given, ...followed(given) };
  const sides = [core(pair.from, pair.roots[0]), core(pair.to, pair.roots[1])] as const;
  if (given.depth < DEEPEST && sides[0].type === "object" && sides[1].type === "object") {
    return [...words, ...nullness(pair), ...members({ ...pair, from: sides[0], to: sides[1] })];
  }
  if (given.depth < DEEPEST && isList(sides[0]) && isList(sides[1])) {
    const items = { from: sides[0].items as Schema, to: sides[1].items as Schema };
    const inner = atPlace({ ...pair, ...items, path: `${pair.path}[]`, depth: pair.depth + 1 });
    return [...words, ...nullness(pair), ...inner, ...bounds(pair)];
  }
  return [...words, ...types(pair), ...bounds(pair)];
}

function followed({ from, to, roots }: Pair): { from: Schema; to: Schema } {
  return { from: resolved(from, roots[0]) ?? {}, to: resolved(to, roots[1]) ?? {} };
}

/** The schema without that it may be null as well. */
function core(schema: Schema, root: Schema): Schema {
  const options = optionsOf(schema)?.map((one) => resolved(one, root) ?? one);
  const others = options?.filter((one) => one.type !== "null");
  return others?.length === 1 && others[0] !== undefined ? core(others[0], root) : schema;
}

const isList = (schema: Schema) =>
  schema.type === "array" && isObject(schema.items) && schema.prefixItems === undefined;

/** That something may be null, where all else is compared member by member. */
function nullness(pair: Pair): Change[] {
  const [before, after] = [admitted(pair.from, pair.roots[0]), admitted(pair.to, pair.roots[1])];
  if (before.has("null") === after.has("null")) return [];
  return [
    typeChange(
      pair,
      ["null"].filter((one) => before.has(one)),
      ["null"].filter((one) => after.has(one)),
    ),
  ];
}

function types(pair: Pair): Change[] {
  const [before, after] = [admitted(pair.from, pair.roots[0]), admitted(pair.to, pair.roots[1])];
  const gone = [...before].filter((one) => !covers(after, one));
  const come = [...after].filter((one) => !covers(before, one));
  return gone.length + come.length === 0 ? [] : [typeChange(pair, gone, come)];
}

function typeChange(pair: Pair, gone: string[], come: string[]): Change {
  const onlyChoices = [...gone, ...come].every((one) => one.startsWith(CHOICE));
  const [before, after] = [typeWords(pair.from, pair.roots[0]), typeWords(pair.to, pair.roots[1])];
  const breaks = (pair.direction === "in" ? gone : come).length > 0;
  return change(pair.path, onlyChoices ? "choices" : "type", before, after, breaks);
}

const CHOICE = "=";
const OPTIONS = 1000;

/** The kinds of values that fit: a JSON type with its format or shape, or a single value. */
function admitted(given: Schema, root: Schema, depth = 0, left = { options: OPTIONS }): Set<string> {
  left.options -= 1;
  const schema = resolved(given, root);
  if (schema === null || depth > DEEPEST || left.options < 0) return new Set(["any"]);
  const options = optionsOf(schema);
  if (options !== null) return new Set(options.flatMap((one) => [...admitted(one, root, depth + 1, left)]));
  if (schema.const !== undefined) return new Set([`${CHOICE}${JSON.stringify(schema.const)}`]);
  if (Array.isArray(schema.enum)) return new Set(schema.enum.map((one) => `${CHOICE}${JSON.stringify(one)}`));
  const kinds = schema.type === undefined ? ["any"] : [schema.type].flat();
  return new Set(kinds.map((kind) => kindOf(String(kind), schema, root)));
}

function kindOf(kind: string, schema: Schema, root: Schema): string {
  if (kind === "string") {
    const marker = schema["x-augury-type"] ?? schema.format;
    return marker === undefined ? kind : `${kind}:${String(marker)}`;
  }
  // What is inside counts; words and defaults do not.
  return kind === "array" || kind === "object"
    ? `${kind}:${typeWords({ ...schema, title: undefined }, root)}`
    : kind;
}

/** Whether a kind of value is among others, also as a special case of one. */
function covers(kinds: Set<string>, one: string): boolean {
  if (kinds.has("any") || kinds.has(one)) return true;
  if (one === "integer") return kinds.has("number");
  if (!one.startsWith(CHOICE)) return one === "string:uri" && kinds.has("string");
  const value: unknown = JSON.parse(one.slice(CHOICE.length));
  if (typeof value === "number")
    return kinds.has("number") || (Number.isInteger(value) && kinds.has("integer"));
  return kinds.has(value === null ? "null" : typeof value);
}

const LOWER = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "x-augury-max-bytes"];
const OTHER = ["pattern", "multipleOf", "x-augury-media-types"];

/** Bounds of an output are not compared: nobody reads by them. */
function bounds(pair: Pair): Change[] {
  if (pair.direction === "out") return [];
  const [before, after] = [boundsWords(pair.from, pair.roots[0]), boundsWords(pair.to, pair.roots[1])];
  if (before === after) return [];
  const [from, to] = [bounded(pair.from, pair.roots[0]), bounded(pair.to, pair.roots[1])];
  const closer = [
    ...LOWER.map((key) => numberOf(to[key], -Infinity) > numberOf(from[key], -Infinity)),
    ...UPPER.map((key) => numberOf(to[key], Infinity) < numberOf(from[key], Infinity)),
    ...OTHER.map((key) => to[key] !== undefined && JSON.stringify(to[key]) !== JSON.stringify(from[key])),
  ];
  return [change(pair.path, "bounds", before, after, closer.includes(true))];
}

function bounded(schema: Schema, root: Schema): Record<string, unknown> {
  return { ...schema, ...core(schema, root), ...(schema as Record<string, unknown>) };
}

const numberOf = (value: unknown, none: number) => (typeof value === "number" ? value : none);

function members(pair: Pair): Change[] {
  const [from, to] = [propertiesOf(pair.from), propertiesOf(pair.to)];
  const gone = [...from.keys()].filter((name) => !to.has(name)).map((name) => removed(pair, name, from));
  const rest = [...to].flatMap(([name, after]) => {
    const before = from.get(name);
    return before === undefined ? [added(pair, name, after)] : member(pair, name, before, after);
  });
  return [...gone, ...rest, ...others(pair)];
}

/** What stands in entries that have no name of their own. */
function others(pair: Pair): Change[] {
  const [from, to] = [pair.from.additionalProperties, pair.to.additionalProperties];
  if (isObject(from) && isObject(to)) {
    const inner = { from: from as Schema, to: to as Schema, path: `${pair.path}{}`, depth: pair.depth + 1 };
    return atPlace({ ...pair, ...inner });
  }
  return [];
}

function propertiesOf(schema: Schema): Map<string, Schema> {
  return new Map(
    ordered(schema.properties ?? {}).map(([name, one]) => [name, isObject(one) ? (one as Schema) : {}]),
  );
}

const requires = (schema: Schema, name: string) => schema.required?.includes(name) === true;
const below = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

function removed(pair: Pair, name: string, from: Map<string, Schema>): Change {
  // Where others are taken, an input that is gone is passed over.
  const breaks = pair.direction === "out" || pair.to.additionalProperties === false;
  return change(
    below(pair.path, name),
    "removed",
    typeWords(from.get(name) ?? {}, pair.roots[0]),
    "",
    breaks,
  );
}

function added(pair: Pair, name: string, after: Schema): Change {
  const must = requires(pair.to, name);
  const words = typeWords(after, pair.roots[1]) + (must && pair.direction === "in" ? ", required" : "");
  return change(below(pair.path, name), "added", "", words, pair.direction === "in" && must);
}

function member(pair: Pair, name: string, from: Schema, to: Schema): Change[] {
  const path = below(pair.path, name);
  const [must, mustNow] = [requires(pair.from, name), requires(pair.to, name)];
  const changes = atPlace({ ...pair, path, from, to, depth: pair.depth + 1 });
  if (must !== mustNow) {
    const breaks = pair.direction === "in" ? mustNow : must;
    changes.push(
      change(path, "required", must ? "required" : "optional", mustNow ? "required" : "optional", breaks),
    );
  }
  const [before, after] = [defaultWords(from), defaultWords(to)];
  if (pair.direction === "in" && before !== after && !must && !mustNow) {
    changes.push(
      change(path, "default", before === "" ? "none" : before, after === "" ? "none" : after, false),
    );
  }
  return changes;
}

function described({ path, from, to }: Pair): Change[] {
  const [before, after] = [String(from.description ?? ""), String(to.description ?? "")];
  return before === after ? [] : [change(path, "description", before, after, false)];
}

function change(path: string, kind: Kind, before: string, after: string, breaks: boolean): Change {
  return { path, kind, before, after, breaks };
}
