// What components ask of a prediction's log: one for all that show it.

import { useSyncExternalStore } from "react";
import { type Log, LogStore } from "./log-store";
import { Stores, useStore } from "./stores";

export type { Log, LogLine } from "./log-store";

const stores = new Stores<Log, LogStore>((id, forget) => new LogStore(id, forget));

export function useLog(id: string): Log {
  const store = useStore<Log, LogStore>(stores, id);
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

/** Read on where reading has ended with a problem. */
export function readOn(id: string) {
  for (const store of stores.of(id)) store.again();
}
