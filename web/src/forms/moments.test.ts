import { expect, test } from "vitest";
import { fromLocal, toLocal } from "./moments";

test.each([
  ["date", "2026-11-26", "2026-11-26"],
  ["time", "05:10", "05:10:00"],
  ["time", "05:10:07", "05:10:07"],
])("a %s of %s is %s", (format, text, value) => {
  expect(fromLocal(format, text)).toBe(value);
});

test.each(["2026-11-26T05:10", "2026-07-01T23:59:59"])("%s is sent with its zone and comes back", (text) => {
  const sent = fromLocal("date-time", text);
  expect(sent).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/);
  expect(new Date(sent).getTime()).toBe(new Date(text).getTime());
  expect(toLocal("date-time", sent)?.startsWith(text)).toBe(true);
});

test("what is written in another way is not touched", () => {
  expect(toLocal("date-time", "next week")).toBeNull();
  expect(toLocal("time", "05:10:07.5+01:00")).toBeNull();
});
