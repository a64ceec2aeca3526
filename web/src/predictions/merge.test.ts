import { expect, test } from "vitest";
import {
  isApart,
  joined,
  type List,
  type ListPage,
  newcomers,
  type Row,
  reaches,
  renewed,
  rowsOf,
} from "./merge";

const row = (id: string, status: Row["status"] = "succeeded", updated_at = "1"): Row => ({
  id,
  status,
  updated_at,
  created_at: "0",
  setup_time: null,
  execution_time: null,
  model: { owner: "ada", name: "m", version_number: 1 },
});
const page = (ids: string, next: string | null = null): ListPage => ({
  items: [...ids].map((id) => row(id)),
  next_cursor: next,
});
const list = (...pages: ListPage[]): List => ({ pages, pageParams: pages.map(() => undefined) });
const ids = (of: List) =>
  rowsOf(of)
    .map((one) => one.id)
    .join("");

test("a row that came stands where its age puts it, in whichever page", () => {
  const shown = list(page("hf", "x"), page("db", "y"));
  expect(ids(joined(shown, [row("i"), row("g"), row("c"), row("e"), row("a")]))).toBe("ihgfedcba");
  expect(ids(shown)).toBe("hfdb");
});

test("a row changes in its place, one that is gone leaves, and nothing changes without a reason", () => {
  const shown = list(page("cb", "x"), page("a"));
  const now = renewed(
    shown,
    new Map([
      ["b", row("b", "failed", "2")],
      ["a", null],
    ]),
  );
  expect(rowsOf(now).map((one) => [one.id, one.status])).toEqual([
    ["c", "succeeded"],
    ["b", "failed"],
  ]);
  expect(
    renewed(
      shown,
      new Map([
        ["b", row("b")],
        ["z", null],
      ]),
    ),
  ).toBe(shown);
});

test("what is older than what was read is not new", () => {
  const shown = list(page("dc", "x"));
  expect(newcomers(shown, page("edcb", "y")).map((one) => one.id)).toEqual(["e"]);
  expect(newcomers(list(page("dc")), page("dcb")).map((one) => one.id)).toEqual(["b"]);
});

test("a newest page that has nothing of the known leaves a gap, unless it is all there is", () => {
  expect(isApart(new Set("abc"), page("fed", "x"))).toBe(true);
  expect(isApart(new Set("abc"), page("dc", "x"))).toBe(false);
  expect(isApart(new Set("abc"), page("fed"))).toBe(false);
  expect(isApart(new Set(), page("fed", "x"))).toBe(false);
});

test("a page reaches down to its last row, and to everything where it is the last", () => {
  expect(reaches(page("dc", "x"), "c")).toBe(true);
  expect(reaches(page("dc", "x"), "b")).toBe(false);
  expect(reaches(page("dc"), "a")).toBe(true);
});
