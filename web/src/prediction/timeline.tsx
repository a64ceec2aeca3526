// The life of a prediction as it goes: queued, starting with its setup log, running, the end; times tick.

import { Ban, Check, CircleX, Clock, type LucideIcon, Minus, Play, PlugZap } from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import type { Shapes } from "@/api/client";
import { clockOffset } from "@/api/clock";
import { seconds, useNow } from "@/ui/time";
import { useLog } from "./log";
import { Lines } from "./logs";
import { type Phase, type PhaseName, phases, total } from "./phases";
import { ended } from "./store";
import styles from "./timeline.module.css";

type Prediction = Shapes["Prediction"];

const TICK_MS = 100;
const ICONS: Record<PhaseName, LucideIcon> = { queued: Clock, starting: PlugZap, running: Play };
const NAMES: Record<PhaseName, string> = { queued: "Queued", starting: "Starting", running: "Running" };

export const Timeline = memo(function Timeline({ prediction }: { prediction: Prediction }) {
  const over = ended(prediction);
  const now = useNow(over ? null : TICK_MS);
  const found = phases(prediction, now + clockOffset());
  const setup = found[1];
  return (
    <div className={styles.timeline}>
      <ol className={styles.steps} aria-label="Timeline">
        {found.map((phase) => (
          <Step key={phase.name} phase={phase} />
        ))}
        <End prediction={prediction} over={over} />
      </ol>
      {!over && <p className={styles.waiting}>{waitsFor(prediction)}</p>}
      {setup !== undefined && (setup.state === "now" || setup.state === "done") && (
        <SetupLog id={prediction.id} starting={setup.state === "now"} />
      )}
    </div>
  );
});

function Step({ phase }: { phase: Phase }) {
  const Icon = phase.state === "done" ? Check : phase.state === "skipped" ? Minus : ICONS[phase.name];
  return (
    <li
      className={styles.step}
      data-state={phase.state}
      aria-current={phase.state === "now" ? "step" : undefined}
    >
      <span className={styles.icon}>
        <Icon size={14} aria-hidden />
      </span>
      <span className={styles.words}>
        <span className={styles.name}>{NAMES[phase.name]}</span>
        <Time phase={phase} />
      </span>
    </li>
  );
}

function Time({ phase }: { phase: Phase }) {
  if (phase.state === "skipped") return <span className={styles.time}>{SKIPPED[phase.name]}</span>;
  if (phase.seconds === null) return <span className={styles.time}>–</span>;
  // While it ticks one decimal is enough; what has ended is exact.
  const text = phase.state === "now" ? ticking(phase.seconds) : seconds(phase.seconds);
  return (
    <span className={styles.time} data-phase={phase.name}>
      {text}
    </span>
  );
}

const SKIPPED: Record<PhaseName, string> = {
  queued: "not queued",
  starting: "not needed",
  running: "never ran",
};

const ENDS: Record<string, readonly [LucideIcon, string]> = {
  succeeded: [Check, "Succeeded"],
  failed: [CircleX, "Failed"],
  abandoned: [CircleX, "Abandoned"],
  cancelled: [Ban, "Cancelled"],
};

function End({ prediction, over }: { prediction: Prediction; over: boolean }) {
  const [Icon, name] = ENDS[prediction.status] ?? [Check, "Done"];
  return (
    <li
      className={styles.step}
      data-state={over ? "done" : "next"}
      data-end={over ? prediction.status : undefined}
    >
      <span className={styles.icon}>
        <Icon size={14} aria-hidden />
      </span>
      <span className={styles.words}>
        <span className={styles.name}>{name}</span>
        <span className={styles.time}>{over ? `${seconds(total(prediction))} in all` : "–"}</span>
      </span>
    </li>
  );
}

function waitsFor(prediction: Prediction): ReactNode {
  switch (prediction.status) {
    case "pending":
      return "It waits for its turn: every worker of this version is busy, or there is none yet.";
    case "starting":
      return "It waits for a worker to start: the model is being loaded.";
    default:
      return prediction.stream
        ? "The model is running. What it gives is shown as it comes."
        : "The model is running.";
  }
}

/** What the worker that it waited for wrote while it started; open while that goes on. */
function SetupLog({ id, starting }: { id: string; starting: boolean }) {
  const lines = useLog(id).setup;
  const [chosen, setChosen] = useState<boolean | null>(null);
  if (lines.length === 0 && !starting) return null;
  const open = chosen ?? starting;
  return (
    <section className={styles.setup}>
      <button type="button" className={styles.toggle} aria-expanded={open} onClick={() => setChosen(!open)}>
        Setup log{" "}
        <span className={styles.count}>{lines.length === 1 ? "1 line" : `${lines.length} lines`}</span>
      </button>
      {open && lines.length > 0 && <Lines lines={lines} live={starting} wrapped />}
      {open && lines.length === 0 && <p className={styles.waiting}>It has written nothing yet.</p>}
    </section>
  );
}

function ticking(value: number): string {
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.floor(value);
  const minutes = `${Math.floor((whole % 3600) / 60)} min`;
  return whole < 3600
    ? `${minutes} ${(value % 60).toFixed(1)} s`
    : `${Math.floor(whole / 3600)} h ${minutes}`;
}
