import { expect, test } from "vitest";
import type { Shapes } from "@/api/client";
import { phases } from "./phases";

const AT = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const NOW = Date.parse(AT(10));

function life(timeline: Partial<Shapes["Timeline"]>, execution_time: string | null = null) {
  const times = { created_at: AT(0), starting_at: null, started_at: null, completed_at: null, ...timeline };
  return phases({ timeline: times, execution_time } as Shapes["Prediction"], NOW).map(
    ({ state, seconds }) => `${state} ${seconds}`,
  );
}

test.each([
  [{}, ["now 10", "next null", "next null"]],
  [{ starting_at: AT(4) }, ["done 4", "now 6", "next null"]],
  [{ starting_at: AT(4), started_at: AT(7) }, ["done 4", "done 3", "now 3"]],
  [{ started_at: AT(7) }, ["done 7", "skipped null", "now 3"]],
  [{ completed_at: AT(2) }, ["done 2", "skipped null", "skipped null"]],
  [{ starting_at: AT(1), completed_at: AT(2) }, ["done 1", "done 1", "skipped null"]],
])("%j", (timeline, expected) => {
  expect(life(timeline)).toEqual(expected);
});

test("what has ended took as long as the API says", () => {
  const times = { started_at: AT(1), completed_at: AT(3) };
  expect(life(times, "PT1.25S")).toEqual(["done 1", "skipped null", "done 1.25"]);
});

test("a clock that is behind makes no time negative", () => {
  expect(life({ created_at: AT(20) })[0]).toBe("now 0");
});
