// What waits and runs at this moment, and how the hour went, in figures.

import { seconds, useNow } from "@/ui/time";
import { ended } from "./figures";
import styles from "./now.module.css";
import type { Statistics } from "./statistics";

const TICK_MS = 1000;

export function Counts({ of: { queue, minutes } }: { of: Statistics }) {
  const now = useNow(queue.oldest_at === null ? null : TICK_MS);
  const all = minutes.reduce((total, minute) => total + ended(minute), 0);
  const bad = minutes.reduce((total, minute) => total + minute.failed + minute.abandoned, 0);
  const oldest =
    queue.oldest_at === null ? "–" : seconds(Math.max(0, now - Date.parse(queue.oldest_at)) / 1000);
  return (
    <dl className={styles.counts}>
      <Count name="Queued" value={queue.pending} />
      <Count name="Starting" value={queue.starting} />
      <Count name="Running" value={queue.started} />
      <Count name="Oldest waits" value={oldest} />
      <Count name="Ended, last hour" value={all} />
      <Count name="Failed, last hour" value={all === 0 ? "–" : `${percent(bad, all)} %`} />
    </dl>
  );
}

function Count({ name, value }: { name: string; value: number | string }) {
  return (
    <div className={styles.count}>
      <dt>{name}</dt>
      <dd>{typeof value === "number" ? value.toLocaleString() : value}</dd>
    </div>
  );
}

/** Nothing that happened is rounded away. */
function percent(part: number, all: number): string {
  const share = (part / all) * 100;
  if (share > 0 && share < 0.1) return "< 0.1";
  return share === 0 || share >= 9.95 ? String(Math.round(share)) : share.toFixed(1);
}
