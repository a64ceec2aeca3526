import { expect, test } from "vitest";
import type { Row } from "./merge";
import { spansOf } from "./spans";

const row = (of: Partial<Row>): Row => ({
  id: "a",
  status: "succeeded",
  created_at: "2026-01-01T00:00:00.000000Z",
  updated_at: "2026-01-01T00:00:05.500000Z",
  setup_time: null,
  execution_time: null,
  model: { owner: "ada", name: "m", version_number: 1 },
  ...of,
});
const NOW = Date.parse("2026-01-01T00:00:09Z");

test("what is over has waited as long as it did not run", () => {
  expect(spansOf(row({ execution_time: "PT1.5S" }), NOW)).toEqual({ waited: 4, ran: 1.5 });
  expect(spansOf(row({ status: "cancelled" }), NOW)).toEqual({ waited: 5.5, ran: null });
});

test("what is not over goes on", () => {
  expect(spansOf(row({ status: "started" }), NOW)).toEqual({ waited: 5.5, ran: 3.5 });
  expect(spansOf(row({ status: "pending" }), NOW)).toEqual({ waited: 9, ran: null });
});
