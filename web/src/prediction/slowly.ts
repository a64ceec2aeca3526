// A value that changes often, for what takes long to show.

import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 200;

/** The value as it was a moment ago at most; the last one is always shown in the end. */
export function useSlowly<Value>(value: Value): Value {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current = value;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setShown(latest.current);
    }, PAUSE_MS);
  }, [value]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return shown;
}
