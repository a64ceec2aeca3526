// The end of a list that has more: it is asked for when its end comes into sight, or by a button.

import { useEffect, useRef } from "react";
import { Button } from "./button";
import styles from "./more.module.css";

/** How far before its end a list goes on. */
const AHEAD = "600px";

export function More({ more }: { more: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (end.current === null) return;
    const seen = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) more();
      },
      { rootMargin: AHEAD },
    );
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [more]);
  return (
    <div ref={end} className={styles.more}>
      <Button onClick={more}>Show more</Button>
    </div>
  );
}
