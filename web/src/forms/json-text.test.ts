import { expect, test } from "vitest";
import { changed, type JsonObject } from "./json";
import { parsed } from "./json-text";
import { marksOf } from "./places";

test.each(["9007199254740993", "[1, -123456789012345678901]", '{"a": 1e999}'])("%s is refused", (text) => {
  expect(() => parsed(text)).toThrow("A browser would change");
});

test.each([
  ["9007199254740991", 9007199254740991],
  ['"9007199254740993"', "9007199254740993"],
  ['{"a\\"9007199254740993": 0.5}', { 'a"9007199254740993': 0.5 }],
])("%s comes through", (text, value) => {
  expect(parsed(text)).toEqual(value);
});

test("what is changed is changed on the way to it only", () => {
  const before: JsonObject = { a: { b: [1, { c: 2 }] }, d: { e: 3 } };
  const after = changed(before, ["a", "b", 1, "c"], 9) as JsonObject;
  expect(after).toEqual({ a: { b: [1, { c: 9 }] }, d: { e: 3 } });
  expect(before).toEqual({ a: { b: [1, { c: 2 }] }, d: { e: 3 } });
  expect(after.d).toBe(before.d);
  expect(changed(before, ["d", "e"], undefined)).toEqual({ a: before.a, d: {} });
  expect(changed({}, ["list", 1], "x")).toEqual({ list: [null, "x"] });
});

test("the server's words go to the deepest field that is there, and to the one that is missing", () => {
  const place = (path: (string | number)[], msg: string, type = "minimum") => ({
    loc: ["body", "input", ...path],
    msg,
    type,
  });
  const shown = new Set(["/a", "/a/0", "/b", "/c~1d"]);
  const marks = marksOf(
    [
      place(["a", 0, "deep"], "no"),
      place(["b"], "bad"),
      place([], '"c/d" is a required property.', "required"),
      place(["gone"], "where"),
    ],
    shown,
  );
  expect(Object.fromEntries(marks)).toEqual({
    "/a/0": ["deep: no"],
    "/b": ["bad"],
    "/c~1d": ['"c/d" is a required property.'],
    "": ["gone: where"],
  });
});
