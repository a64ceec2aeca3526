import { expect, test } from "vitest";
import { codeOf } from "./arrival";
import { wayOn } from "./next";

const HERE = "http://127.0.0.1:8080";

test.each([
  [undefined, "/"],
  ["/predictions?status=failed#x", "/predictions?status=failed#x"],
  ["/sign-in?next=/now", "/"],
  ["//elsewhere.example/", "/"],
  ["/\\elsewhere.example", "/"],
  ["/\t/elsewhere.example", "/"],
  ["https://elsewhere.example/", "/"],
  ["javascript:alert(1)", "/"],
])("after signing in, %s leads to %s", (next, way) => {
  expect(wayOn(next, HERE)).toBe(way);
});

test("a link's code is read from the hash, wherever it stands in it", () => {
  expect(codeOf("#code=abc-_1")).toBe("abc-_1");
  expect(codeOf("#x=1&code=abc")).toBe("abc");
  expect(codeOf("#code=")).toBeNull();
  expect(codeOf("#main")).toBeNull();
});
