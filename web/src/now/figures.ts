// The lines and bars of the charts, made from the minutes that the API tells of.

import { seconds } from "@/ui/time";
import type { Minute, Statistics } from "./statistics";

export interface Series {
  name: string;
  /** A colour of tokens.css, such as "--good". */
  colour: string;
  dashed?: boolean;
  /** One a minute; null where there is nothing to tell. */
  values: (number | null)[];
}

export interface Figure {
  title: string;
  kind: "bars" | "lines";
  series: Series[];
  format: (value: number) => string;
  /** What a screen reader says of it. */
  summary: string;
}

/** The figures, in their order on the page. */
export function figuresOf({ minutes }: Statistics): Figure[] {
  return [throughput(minutes), depth(minutes), queueTime(minutes), runTime(minutes), errors(minutes)];
}

export function timesOf(minutes: readonly Minute[]): number[] {
  return minutes.map(({ at }) => Date.parse(at) / 1000);
}

/** Whether there is anything to draw. */
export function isQuiet({ minutes, queue }: Statistics): boolean {
  return (
    queue.pending + queue.starting + queue.started === 0 &&
    minutes.every((minute) => minute.created + ended(minute) === 0)
  );
}

export function ended(one: {
  succeeded: number;
  failed: number;
  cancelled: number;
  abandoned: number;
}): number {
  return one.succeeded + one.failed + one.cancelled + one.abandoned;
}

export function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}

function most(values: readonly (number | null)[]): number {
  return values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
}

function throughput(minutes: readonly Minute[]): Figure {
  const all = minutes.map(ended);
  return {
    title: "Ended a minute",
    kind: "bars",
    format: String,
    series: [
      { name: "Succeeded", colour: "--good", values: minutes.map((minute) => minute.succeeded) },
      { name: "Failed", colour: "--bad", values: minutes.map((minute) => minute.failed) },
      { name: "Cancelled", colour: "--border-strong", values: minutes.map((minute) => minute.cancelled) },
      { name: "Abandoned", colour: "--warn", values: minutes.map((minute) => minute.abandoned) },
    ],
    summary: `${sum(all)} predictions have ended, at most ${most(all)} in a minute.`,
  };
}

function depth(minutes: readonly Minute[]): Figure {
  const queued = minutes.map((minute) => minute.queued);
  return {
    title: "Waiting",
    kind: "lines",
    format: String,
    series: [{ name: "Queued", colour: "--info", values: queued }],
    summary: `${queued.at(-1) ?? 0} predictions wait, at most ${most(queued)} did.`,
  };
}

function queueTime(minutes: readonly Minute[]): Figure {
  return percentiles(
    "Time in the queue",
    minutes.map((minute) => minute.queue_time),
    "--info",
  );
}

function runTime(minutes: readonly Minute[]): Figure {
  return percentiles(
    "Run time",
    minutes.map((minute) => minute.run_time),
    "--accent",
  );
}

function percentiles(title: string, times: readonly Minute["run_time"][], colour: string): Figure {
  const half = times.map((time) => time?.p50 ?? null);
  const nearly = times.map((time) => time?.p95 ?? null);
  return {
    title,
    kind: "lines",
    format: seconds,
    series: [
      { name: "Half within", colour, values: half },
      { name: "95 % within", colour: "--warn", dashed: true, values: nearly },
    ],
    summary: `In the slowest minute half took at most ${seconds(most(half))}, and 95 % at most ${seconds(most(nearly))}.`,
  };
}

function errors(minutes: readonly Minute[]): Figure {
  const failed = minutes.map((minute) => minute.failed);
  const abandoned = minutes.map((minute) => minute.abandoned);
  return {
    title: "Errors a minute",
    kind: "bars",
    format: String,
    series: [
      { name: "Failed", colour: "--bad", values: failed },
      { name: "Abandoned", colour: "--warn", values: abandoned },
    ],
    summary: `${sum(failed)} predictions have failed, ${sum(abandoned)} were abandoned.`,
  };
}
