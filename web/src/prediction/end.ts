// A box that shows its end while it grows, until somebody scrolls up to read.

import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR = 24;

interface End {
  onScroll: () => void;
  /** Whether its end is shown, also when it grows. */
  atEnd: boolean;
  toEnd: () => void;
}

/** `size` is whatever changes when it grows; `first` whether its end is shown to begin with. */
export function useEnd(box: RefObject<HTMLElement | null>, size: number, first: boolean): End {
  const [atEnd, setAtEnd] = useState(first);
  const top = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: to go to the end is due exactly when the size changes
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || !atEnd) return;
    element.scrollTop = element.scrollHeight;
    top.current = element.scrollTop;
  }, [box, size, atEnd]);
  const onScroll = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    const up = element.scrollTop < top.current;
    top.current = element.scrollTop;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (near) setAtEnd(true);
    else if (up) setAtEnd(false);
  }, [box]);
  const toEnd = useCallback(() => setAtEnd(true), []);
  return { onScroll, atEnd, toEnd };
}
