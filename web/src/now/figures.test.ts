import { expect, test } from "vitest";
import { figuresOf, isQuiet } from "./figures";
import type { Minute, Statistics } from "./statistics";

const minute = (of: Partial<Minute>): Minute => ({
  at: "2026-01-01T12:00:00Z",
  created: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  abandoned: 0,
  queued: 0,
  queue_time: null,
  run_time: null,
  ...of,
});
const hour = (...minutes: Minute[]): Statistics => ({
  since: "2026-01-01T12:00:00Z",
  until: "2026-01-01T13:00:00Z",
  complete: true,
  queue: { pending: 0, starting: 0, started: 0, oldest_at: null },
  minutes,
  models: [],
  broken: [],
});

test("an hour is quiet where nothing came, ended, waits or runs", () => {
  const nothing = hour(minute({}), minute({}));
  expect(isQuiet(nothing)).toBe(true);
  expect(isQuiet({ ...nothing, queue: { ...nothing.queue, started: 1 } })).toBe(false);
  expect(isQuiet(hour(minute({}), minute({ cancelled: 1 })))).toBe(false);
});

test("each figure says in words what it shows", () => {
  const busy = hour(
    minute({ succeeded: 3, failed: 1, queued: 5, run_time: { p50: 0.5, p95: 2 } }),
    minute({ abandoned: 2, queued: 1 }),
  );
  const [ended, waiting, , ran, errors] = figuresOf(busy).map(({ summary }) => summary);
  expect(ended).toBe("6 predictions have ended, at most 4 in a minute.");
  expect(waiting).toBe("1 predictions wait, at most 5 did.");
  expect(ran).toBe("In the slowest minute half took at most 500 ms, and 95 % at most 2.00 s.");
  expect(errors).toBe("1 predictions have failed, 2 were abandoned.");
});

test("a minute in which nothing ran is a gap, and no zero", () => {
  const ran = figuresOf(hour(minute({}), minute({ run_time: { p50: 1, p95: 2 } })))[3];
  expect(ran?.series.map(({ values }) => values)).toEqual([
    [null, 1],
    [null, 2],
  ]);
});
