import { describe, expect, test } from "vitest";
import { blank, initialInput } from "./initial";
import { prepared } from "./prepare";
import type { Schema } from "./schema";

const input = (properties: Record<string, unknown>, required: string[] = [], more: object = {}) =>
  initialInput({ type: "object", properties, required, ...more } as Schema);

describe("the input of an untouched form", () => {
  test("has the defaults, and nothing of what may be left out", () => {
    const schema = {
      a: { type: "integer", default: 7 },
      b: { anyOf: [{ type: "integer" }, { type: "null" }], default: null },
      c: { type: "string" },
      d: { type: "boolean", default: false },
      e: { type: "string", default: "" },
    };
    expect(input(schema)).toEqual({ a: 7, d: false, e: "" });
  });

  test("has of what must be given as much as is certain", () => {
    const box = {
      type: "object",
      properties: { width: { type: "number" }, tags: { type: "array", default: ["x"] } },
      required: ["width"],
    };
    const schema = {
      list: { type: "array", items: { type: "string" } },
      box: { $ref: "#/$defs/Box" },
      pet: { anyOf: [{ type: "object", properties: { kind: { enum: ["cat"] } }, required: ["kind"] }, {}] },
      text: { type: "string" },
      pair: { type: "array", prefixItems: [{}, {}] },
      size: { enum: ["s", "m"] },
    };
    expect(input(schema, Object.keys(schema), { $defs: { Box: box } })).toEqual({
      list: [],
      box: { tags: ["x"] },
      pet: { kind: "cat" },
    });
  });

  test("leaves out a default that a browser would change, and secrets", () => {
    const secret = { type: "string", format: "password", default: "hunter2" };
    expect(input({ big: { type: "integer", default: 2 ** 60 }, secret }, ["secret"])).toEqual({});
  });

  test("ends with types that contain themselves", () => {
    const $defs = {
      Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } }, required: ["next"] },
    };
    const made = JSON.stringify(input({ tree: { $ref: "#/$defs/Node" } }, ["tree"], { $defs }));
    expect(made.length).toBeLessThan(500);
  });

  test("does not share a default with the schema", () => {
    const schema = { tags: { type: "array", default: ["x"] } };
    (input(schema).tags as string[]).push("y");
    expect(schema.tags.default).toEqual(["x"]);
  });

  test("takes no property for one that every object has", () => {
    expect(JSON.stringify(input(JSON.parse('{"__proto__": {"type": "integer", "default": 1}}')))).toBe(
      '{"__proto__":1}',
    );
  });
});

test("a new item is empty, and what cannot be is null", () => {
  const root = {} as Schema;
  expect(blank({ type: "string" }, root)).toBe("");
  expect(blank({ type: "integer" }, root)).toBeNull();
  expect(blank({ type: "string", format: "uri", "x-augury-type": "file" } as Schema, root)).toBeNull();
  expect(blank({ type: "array", items: {} }, root)).toEqual([]);
});

describe("a schema that is prepared", () => {
  test("is in the order of the signature, its bounds with the type that they are about", () => {
    const form = prepared({
      properties: {
        b: {
          anyOf: [{ type: "integer" }, { type: "null" }],
          minimum: 1,
          default: null,
          "x-order": 1,
        } as Schema,
        a: { allOf: [{ $ref: "#/$defs/A" }], description: "first", "x-order": 0 } as Schema,
      },
    });
    expect(Object.keys(form.properties ?? {})).toEqual(["a", "b"]);
    expect(form.properties).toMatchObject({
      a: { $ref: "#/$defs/A", description: "first" },
      b: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
    });
  });

  test("has one list of choices where all alternatives are single values", () => {
    const mode = { oneOf: [{ const: "a" }, { enum: ["b", 2] }, { type: "null" }] } as Schema;
    expect(prepared({ properties: { mode } }).properties).toMatchObject({
      mode: { enum: ["a", "b", 2, null] },
    });
  });
});
