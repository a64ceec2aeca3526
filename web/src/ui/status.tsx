// A prediction's or a model's status as a small coloured word.

import styles from "./status.module.css";

const TONES: Record<string, string | undefined> = {
  pending: styles.info,
  starting: styles.warn,
  started: styles.accent,
  succeeded: styles.good,
  failed: styles.bad,
  abandoned: styles.bad,
  cancelled: styles.quiet,
  ready: styles.good,
  cold: styles.quiet,
  broken: styles.bad,
  empty: styles.quiet,
  draining: styles.quiet,
  due: styles.info,
  sending: styles.accent,
  delivered: styles.good,
  superseded: styles.quiet,
};

/** What a person calls it. */
const WORDS: Record<string, string> = { pending: "queued", started: "running", empty: "no version" };

const LIVE = new Set(["pending", "starting", "started", "sending"]);

export function Status({ of }: { of: string }) {
  return (
    <span className={[styles.status, TONES[of] ?? styles.quiet].join(" ")} data-status={of}>
      <span className={LIVE.has(of) ? styles.beat : styles.dot} aria-hidden />
      {WORDS[of] ?? of}
    </span>
  );
}
