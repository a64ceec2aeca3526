// The shared states of predictions: one for each, and for each account that looks at it in this tab.

import { useEffect, useRef } from "react";
import { useSession } from "@/app/session";
import type { Shared } from "./shared";

interface Store<Snapshot> extends Shared<Snapshot> {
  readonly id: string;
  /** Go on after its reader has signed in again. */
  resume: () => void;
}

export class Stores<Snapshot, Kind extends Store<Snapshot>> {
  private readonly all = new Map<string, Kind>();

  constructor(private readonly make: (id: string, forget: () => void) => Kind) {}

  /** Those of a prediction that are shown, or were a moment ago. */
  of(id: string): Kind[] {
    return [...this.all.values()].filter((one) => one.id === id);
  }

  /** What one account sees of a prediction; made where it is not there. */
  get(account: string, id: string): Kind {
    const key = `${account} ${id}`;
    const known = this.all.get(key);
    if (known !== undefined) return known;
    const made = this.make(id, () => {
      if (this.all.get(key) === made) this.all.delete(key);
    });
    this.all.set(key, made);
    return made;
  }
}

/** The state of a prediction as whoever is signed in sees it; who has signed out sees what there was. */
export function useStore<Snapshot, Kind extends Store<Snapshot>>(
  stores: Stores<Snapshot, Kind>,
  id: string,
): Kind {
  const user = useSession()?.user?.account_id ?? null;
  const account = useRef(user ?? "");
  if (user !== null) account.current = user;
  const store = stores.get(account.current, id);
  useEffect(() => {
    if (user !== null) store.resume();
  }, [user, store]);
  return store;
}
