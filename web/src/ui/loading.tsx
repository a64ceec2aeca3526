// The shape of what is coming, while it is on its way.

import styles from "./loading.module.css";

/** `lines` grey bars; said to screen readers as "Loading". */
export function Loading({ lines = 3 }: { lines?: number }) {
  const bars = Array.from({ length: lines }, (_, place) => place);
  return (
    <div className={styles.loading} role="status">
      <span className="visually-hidden">Loading</span>
      {bars.map((place) => (
        <span key={place} className={styles.bar} aria-hidden />
      ))}
    </div>
  );
}
