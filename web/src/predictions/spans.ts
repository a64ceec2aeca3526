// How long a prediction has waited and run, as far as its row in a list tells.

import { secondsOf } from "@/prediction/durations";
import { isLive, type Row } from "./merge";

export interface Spans {
  /** Seconds from its creation until it ran, with the start of a worker if it took one. */
  waited: number | null;
  ran: number | null;
}

/** `now` in milliseconds, for what is not over. */
export function spansOf(row: Row, now: number): Spans {
  const created = Date.parse(row.created_at);
  const updated = Date.parse(row.updated_at);
  const after = (from: number, to: number) => Math.max(0, to - from) / 1000;
  if (row.status === "started") return { waited: after(created, updated), ran: after(updated, now) };
  if (isLive(row)) return { waited: after(created, now), ran: null };
  const ran = secondsOf(row.execution_time);
  return { waited: Math.max(0, after(created, updated) - (ran ?? 0)), ran };
}
