// Signing in and out: nothing of the one before stays in this tab, and the other tabs follow.

import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { api, ask } from "@/api/client";
import { type SessionInfo, session } from "@/api/queries";
import { queries } from "./queries";

const others = new BroadcastChannel("augury:session");

/** Who is signed in: undefined while that is not known, `user` is null for a visitor. */
export function useSession(): SessionInfo | undefined {
  return useQuery(session).data;
}

/** Whoever is signed in, or was last: a page that is kept behind the offer to sign in again still is of somebody. */
export function useLastUser(): SessionInfo["user"] {
  const user = useSession()?.user ?? null;
  const last = useRef(user);
  if (user !== null) last.current = user;
  return last.current;
}

/** Signs in with what a person has: a link's one-time code, or a token. Throws the Problem if it is refused. */
export async function signIn(proof: { code: string } | { token: string }): Promise<SessionInfo> {
  const made = await ask(api.POST("/v1/session", { body: { code: null, token: null, ...proof } }));
  await forget(made);
  others.postMessage("changed");
  return made;
}

/** Ends this session, or all of the account's. */
export async function signOut(everywhere = false): Promise<void> {
  await ask(api.DELETE("/v1/session", { params: { query: everywhere ? { everywhere } : {} } }));
  await forget();
  others.postMessage("changed");
}

/** Follow what other tabs do; called once. */
export function followOtherTabs(): void {
  others.onmessage = () => void forget();
}

/** Every answer was given to somebody else: those on the screen are asked for again, the others dropped. */
async function forget(now?: SessionInfo): Promise<void> {
  await queries.cancelQueries();
  queries.getMutationCache().clear();
  queries.removeQueries({ type: "inactive" });
  if (now !== undefined) queries.setQueryData(session.queryKey, now);
  const rest = (query: { queryKey: readonly unknown[] }) =>
    now === undefined || query.queryKey[0] !== session.queryKey[0];
  // Not waited for: what one may no longer see fails, and says so where it is shown.
  void queries.resetQueries({ predicate: rest });
}
