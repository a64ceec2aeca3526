// A box that shows its end while it grows, with a button that goes back there.

import { ArrowDown } from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { Button } from "@/ui/button";
import { useEnd } from "./end";
import styles from "./ending.module.css";

interface Props {
  box: RefObject<HTMLDivElement | null>;
  /** What it is called. */
  label: string;
  /** How big its content is, in whatever unit. */
  size: number;
  /** Whether its end is shown to begin with. */
  first: boolean;
  /** Whether it may still grow. */
  live: boolean;
  className: string | undefined;
  children: ReactNode;
}

export function Ending({ box, label, size, first, live, className, children }: Props) {
  const { onScroll, atEnd, toEnd } = useEnd(box, size, first);
  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={[styles.box, className].filter(Boolean).join(" ")}
        onScroll={onScroll}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        {children}
      </div>
      {live && !atEnd && (
        <Button className={styles.follow} onClick={toEnd}>
          <ArrowDown size={14} aria-hidden /> Follow
        </Button>
      )}
    </div>
  );
}
