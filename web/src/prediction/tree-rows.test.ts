import { expect, test } from "vitest";
import { CLOSED, find, openTo, rowsOf, toggled } from "./tree-rows";

test("rows are those that are open, and each says where it is", () => {
  const rows = rowsOf({ "a/b": [1, { c: null }] }, CLOSED, undefined);
  expect(rows.map(({ path, depth }) => [path, depth])).toEqual([
    ["", 0],
    ["/a~1b", 1],
    ["/a~1b/0", 2],
    ["/a~1b/1", 2],
    ["/a~1b/1/c", 3],
  ]);
  const [root] = rows;
  expect(rowsOf({ a: 1 }, toggled(CLOSED, root as (typeof rows)[number]), undefined)).toHaveLength(1);
});

test("what lies deep is found, and opened up to there", () => {
  let value: unknown = "The Bottom";
  for (let depth = 0; depth < 5000; depth++) value = [value];
  const [path] = find(value, "bottom");
  expect(path?.split("/")).toHaveLength(5001);
  const rows = rowsOf(value, openTo(CLOSED, path as string), undefined);
  expect(rows).toHaveLength(5001);
});

test("a hundred thousand items are a hundred thousand rows, in a moment", () => {
  const began = performance.now();
  const value = Array.from({ length: 100_000 }, (_, number) => ({ number }));
  expect(rowsOf(value, CLOSED, undefined)).toHaveLength(100_001);
  expect(performance.now() - began).toBeLessThan(2000);
});
