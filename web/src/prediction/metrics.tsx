// What a model measures and says of itself while it runs: how far it is, and its metrics.

import { Panel } from "@/ui/panel";
import { plain } from "./ansi";
import { useLog } from "./log";
import styles from "./metrics.module.css";

type Values = Record<string, unknown> | null;

/** How far it is, where the model says so, and in what words. */
export function Progress({ id, metrics, live }: { id: string; metrics: Values; live: boolean }) {
  const fraction = metrics?.progress;
  const words = useLog(id).said;
  if (!live || typeof fraction !== "number") return null;
  const percent = Math.round(Math.min(Math.max(fraction, 0), 1) * 100);
  return (
    <div className={styles.progress}>
      <div className={styles.words}>
        <span className={styles.said}>{words || "Progress"}</span>
        <span className={styles.percent}>{percent} %</span>
      </div>
      <div
        className={styles.bar}
        role="progressbar"
        aria-label="Progress"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={!words ? undefined : `${percent} %: ${words}`}
      >
        <div className={styles.done} style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}

/** Those that the timeline does not show already. */
const ELSEWHERE = new Set(["progress", "queue_time", "setup_time", "predict_time"]);

export function Metrics({ metrics }: { metrics: Values }) {
  const own = Object.entries(metrics ?? {}).filter(([name]) => !ELSEWHERE.has(name));
  if (own.length === 0) return null;
  return (
    <Panel title="Metrics">
      <dl className={styles.metrics}>
        {own.map(([name, value]) => (
          <div key={name}>
            <dt>{plain(name)}</dt>
            <dd>{written(value)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

const LONGEST = 500;

function written(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en", { maximumSignificantDigits: 6 });
  const text = typeof value === "string" ? plain(value) : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
