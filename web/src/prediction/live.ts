// What components ask of a prediction that goes on: one state for all that show the same one.

import type { Shapes } from "@/api/client";
import { prediction as asked } from "@/api/queries";
import { queries } from "@/app/queries";
import { type Live, LiveStore } from "./store";
import { Stores, useStore } from "./stores";

export type { Live } from "./store";
export { ended } from "./store";

const stores = new Stores<Live, LiveStore>(
  (id, forget) => new LiveStore(id, queries.getQueryData(asked(id).queryKey), forget),
);

/** A prediction, live until it has ended: its state, and what its stream has had so far. */
export function useLive(id: string): Live {
  return useStore(stores, id);
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
