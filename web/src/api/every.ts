// How often something is asked for again: at its pace, and not at all once one is signed out.

import { Problem } from "./problem";

/** For `refetchInterval`; signing in again asks for everything anew, and the pace goes on. */
export function every(milliseconds: number) {
  return ({ state: { error } }: { state: { error: unknown } }): number | false =>
    error instanceof Problem && error.status === 401 ? false : milliseconds;
}
