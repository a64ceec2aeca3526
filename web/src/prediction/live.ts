// What components ask of a prediction that goes on: one state for all that show the same one.

import { useSyncExternalStore } from "react";
import type { Shapes } from "@/api/client";
import { prediction as asked } from "@/api/queries";
import { queries } from "@/app/queries";
import { type Live, LiveStore, type Standing } from "./store";
import { Stores, useStore } from "./stores";

export type { Live, Standing } from "./store";
export { ended } from "./store";

const stores = new Stores<Live, LiveStore>(
  (id, forget) => new LiveStore(id, queries.getQueryData(asked(id).queryKey), forget),
);

/** A prediction, live until it has ended: its state, and what its stream has had so far. */
export function useLive(id: string): Live {
  const store = useStore<Live, LiveStore>(stores, id);
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

/** The same without what is streamed, for what need not be drawn anew with every piece of it. */
export function useStanding(id: string): Standing {
  const store = useStore<Live, LiveStore>(stores, id);
  return useSyncExternalStore(store.subscribe, store.standing);
}

/** Tell of a prediction that was created just now, so that it is shown without asking for it. */
export function begin(prediction: Shapes["Prediction"]) {
  queries.setQueryData(asked(prediction.id).queryKey, prediction);
}

/** Ask at once how a prediction stands: something was done to it. */
export function wake(id: string) {
  for (const store of stores.of(id)) store.wake();
}

/** Ask again for a prediction that could not be had, or that was thought to be over. */
export function again(id: string) {
  for (const store of stores.of(id)) store.again();
}
