import { describe, expect, test } from "vitest";
import { type Change, type Schemas, schemaDiff } from "./schema-diff";

type Property = Record<string, unknown>;

const schemas = (
  properties: Record<string, Property>,
  required: string[] = [],
  beside: Property = {},
): Schemas =>
  ({ input: { type: "object", properties, required }, output: { type: "string" }, ...beside }) as Schemas;

const inputs = (from: Schemas, to: Schemas) => schemaDiff(from, to).input.map(brief);
const brief = ({ path, kind, breaks }: Change) => `${path} ${kind}${breaks ? " breaks" : ""}`;

const TEXT = { type: "string" };
const one = (property: Property, required = false) => schemas({ x: property }, required ? ["x"] : []);

describe("inputs", () => {
  test("that are the same have no changes, however they are written", () => {
    const named = { ...schemas({ x: { $ref: "#/$defs/Box" } }) };
    named.input.$defs = { Box: { type: "object", title: "Box", properties: { w: { type: "integer" } } } };
    const inline = one({ type: "object", title: "Crate", properties: { w: { type: "integer" } } });
    expect(schemaDiff(named, inline)).toEqual({ input: [], output: [], stream: [], breaks: false });
  });

  test("may come, unless they are required, and a name that is gone breaks where no other is taken", () => {
    expect(inputs(schemas({}), one(TEXT))).toEqual(["x added"]);
    expect(inputs(schemas({}), one(TEXT, true))).toEqual(["x added breaks"]);
    expect(inputs(one(TEXT), schemas({}))).toEqual(["x removed"]);
    const closed = schemas({});
    closed.input.additionalProperties = false;
    expect(inputs(one(TEXT), closed)).toEqual(["x removed breaks"]);
  });

  test("may get wider", () => {
    expect(inputs(one({ type: "integer" }), one({ type: "number" }))).toEqual(["x type"]);
    expect(inputs(one(TEXT), one({ anyOf: [TEXT, { type: "null" }] }))).toEqual(["x type"]);
    expect(inputs(one({ enum: ["a"] }), one({ enum: ["a", "b"] }))).toEqual(["x choices"]);
    expect(inputs(one({ enum: ["a"] }), one(TEXT))).toEqual(["x type"]);
    expect(inputs(one({ type: "integer", maximum: 5 }), one({ type: "integer", maximum: 9 }))).toEqual([
      "x bounds",
    ]);
    expect(inputs(one(TEXT, true), one(TEXT))).toEqual(["x required"]);
  });

  test("may not get narrower", () => {
    expect(inputs(one({ type: "number" }), one({ type: "integer" }))).toEqual(["x type breaks"]);
    expect(inputs(one({ anyOf: [TEXT, { type: "null" }] }), one(TEXT))).toEqual(["x type breaks"]);
    expect(inputs(one({ enum: ["a", "b"] }), one({ enum: ["a"] }))).toEqual(["x choices breaks"]);
    expect(inputs(one(TEXT), one({ ...TEXT, minLength: 1 }))).toEqual(["x bounds breaks"]);
    expect(inputs(one(TEXT), one({ ...TEXT, pattern: "a" }))).toEqual(["x bounds breaks"]);
    expect(inputs(one(TEXT), one(TEXT, true))).toEqual(["x required breaks"]);
    expect(inputs(one(TEXT), one({ ...TEXT, format: "uri", "x-augury-type": "file" }))).toEqual([
      "x type breaks",
    ]);
  });

  test("may have another default and other words", () => {
    expect(inputs(one({ ...TEXT, default: "a" }), one({ ...TEXT, default: "b", description: "c" }))).toEqual([
      "x description",
      "x default",
    ]);
  });

  test("are compared inside of objects and lists", () => {
    const boxes = (width: Property) =>
      one({ anyOf: [{ type: "array", items: { type: "object", properties: { width } } }, { type: "null" }] });
    expect(inputs(boxes({ type: "integer" }), boxes(TEXT))).toEqual(["x[].width type breaks"]);
  });

  test("that go in circles end", () => {
    const tree = (value: Property) => {
      const made = one({ $ref: "#/$defs/Tree" });
      const inner = { type: "array" as const, items: { $ref: "#/$defs/Tree" } };
      made.input.$defs = { Tree: { type: "object", properties: { value, inner } } };
      return made;
    };
    expect(inputs(tree(TEXT), tree({ type: "integer" }))[0]).toBe("x.value type breaks");
  });
});

describe("outputs", () => {
  const out = (output: Property, stream?: Property) =>
    ({ ...schemas({}), output, stream_output: stream }) as Schemas;
  const briefly = (from: Schemas, to: Schemas) => schemaDiff(from, to).output.map(brief);

  test("may get narrower, not wider", () => {
    expect(briefly(out({ type: "number" }), out({ type: "integer" }))).toEqual([" type"]);
    expect(briefly(out({ type: "integer" }), out({ type: "number" }))).toEqual([" type breaks"]);
    const object = (properties: Record<string, Property>, required: string[]) =>
      out({ type: "object", properties, required });
    expect(briefly(object({ a: TEXT }, ["a"]), object({ a: TEXT, b: TEXT }, ["a", "b"]))).toEqual([
      "b added",
    ]);
    expect(briefly(object({ a: TEXT }, ["a"]), object({}, []))).toEqual(["a removed breaks"]);
    expect(briefly(object({ a: TEXT }, ["a"]), object({ a: TEXT }, []))).toEqual(["a required breaks"]);
  });

  test("may begin to stream, and break their readers when they stop", () => {
    expect(schemaDiff(out(TEXT), out(TEXT, TEXT)).stream.map(brief)).toEqual([" added"]);
    const stopped = schemaDiff(out(TEXT, TEXT), out(TEXT));
    expect(stopped.stream.map(brief)).toEqual([" removed breaks"]);
    expect(stopped.breaks).toBe(true);
  });
});

test("schemas that are all circles are compared within a moment", () => {
  const members = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`m${n}`, { $ref: "#/$defs/Knot" }]),
  );
  const knot = (beside: Property) => {
    const made = one({ $ref: "#/$defs/Knot" });
    const options: NonNullable<Schemas["input"]["anyOf"]> = [
      { type: "object" as const, properties: { ...members, ...beside } as Record<string, object> },
      { $ref: "#/$defs/Many" },
    ];
    const many = {
      anyOf: Array.from({ length: 40 }, () => ({ type: "array" as const, items: { $ref: "#/$defs/Knot" } })),
    };
    made.input.$defs = { Knot: { anyOf: options }, Many: many };
    return made;
  };
  const began = performance.now();
  schemaDiff(knot({}), knot({ y: TEXT }));
  expect(performance.now() - began).toBeLessThan(2000);
});
