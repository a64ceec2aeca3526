import { expect, test } from "vitest";
import { expiryOf } from "./expiry";

const NOW = Date.parse("2026-01-01T12:00:00Z");

test("a token expires after so many days, never, or at the end of a day", () => {
  expect(expiryOf("30", "", NOW)).toBe("2026-01-31T12:00:00.000Z");
  expect(expiryOf("", "", NOW)).toBeNull();
  expect(expiryOf("on", "2030-01-31", NOW)).toBe(new Date("2030-01-31T23:59:59").toISOString());
});

test("what is no day is left for the server to refuse", () => {
  expect(expiryOf("on", "", NOW)).toBe("");
});
