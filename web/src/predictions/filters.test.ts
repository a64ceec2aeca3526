import { expect, test } from "vitest";
import { filtersOf, queryOf, searchOf } from "./filters";

test("an address says what the list is narrowed to, and nothing else gets in", () => {
  const filters = filtersOf({
    status: "failed,started,<b>",
    model: "ada/ocr:2",
    since: "1h",
    everyone: true,
  });
  expect(filters).toEqual({
    statuses: ["started", "failed"],
    model: "ada/ocr:2",
    since: "1h",
    everyone: true,
  });
  expect(searchOf(filters)).toEqual({
    status: "started,failed",
    model: "ada/ocr:2",
    since: "1h",
    everyone: true,
  });
  expect(searchOf(filtersOf({ status: "nonsense", since: "9y" }))).toEqual({});
});

test("a span of time ends now", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  expect(queryOf(filtersOf({ since: "15m" }), now)).toEqual({ created_after: "2026-01-01T11:45:00.000Z" });
  expect(queryOf(filtersOf({}), now)).toEqual({});
});
