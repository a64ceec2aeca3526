// What a form still waits for before it can be sent, such as uploads.

import { createContext, useContext, useEffect } from "react";

/** Told of each thing that begins (+1) and ends (-1). */
export const WaitingContext = createContext<(by: 1 | -1) => void>(() => {});

export function useWaiting(waits: boolean): void {
  const tell = useContext(WaitingContext);
  useEffect(() => {
    if (!waits) return;
    tell(1);
    return () => tell(-1);
  }, [waits, tell]);
}
