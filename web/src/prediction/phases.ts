// The life of a prediction in phases, each with how long it took or has taken so far.

import type { Shapes } from "@/api/client";
import { secondsOf } from "./durations";

export type PhaseName = "queued" | "starting" | "running";

export interface Phase {
  name: PhaseName;
  /** done: with its exact time. now: it ticks. next: to come. skipped: it never came to that. */
  state: "done" | "now" | "next" | "skipped";
  /** How long, in seconds; null where it has not begun. */
  seconds: number | null;
}

type Prediction = Shapes["Prediction"];

/** `now` is the server's time in milliseconds. */
export function phases(prediction: Prediction, now: number): Phase[] {
  const { created_at, starting_at, started_at, completed_at } = prediction.timeline;
  const over = completed_at !== null;
  const phase = (name: PhaseName, from: string | null, to: string | null): Phase => {
    if (from === null) return { name, state: over ? "skipped" : "next", seconds: null };
    if (to !== null) return { name, state: "done", seconds: between(Date.parse(from), Date.parse(to)) };
    return { name, state: "now", seconds: between(Date.parse(from), now) };
  };
  const queued = phase("queued", created_at, starting_at ?? started_at ?? completed_at);
  const starting = phase("starting", starting_at, started_at ?? completed_at);
  const running = phase("running", started_at, completed_at);
  // Where a worker was there already, none was started for it.
  if (starting.state === "next" && started_at !== null) starting.state = "skipped";
  const exact = secondsOf(prediction.execution_time);
  if (running.state === "done" && exact !== null) running.seconds = exact;
  return [queued, starting, running];
}

/** Seconds from the create to the end, or to the last change so far. */
export function total(prediction: Prediction): number {
  const { created_at, completed_at } = prediction.timeline;
  return between(Date.parse(created_at), Date.parse(completed_at ?? prediction.updated_at));
}

function between(from: number, to: number): number {
  return Math.max(0, (to - from) / 1000);
}
