// Code that is loaded when it is wanted: also if the server is away just then, and if it is a newer one by now.

import { session } from "@/api/queries";
import { queries } from "./queries";

const AGAIN_MS = 2000;
const RELOADED = "augury:reloaded";
const RELOADED_MS = 10_000;

/** `importer`, for `lazy()` and routes: waits for a server that does not answer; what is gone is looked for anew. */
export function fetched<Module>(importer: () => Promise<Module>): () => Promise<Module> {
  return async () => {
    try {
      return await importer();
    } catch (error) {
      if (await answers()) return gone(error);
    }
    // So that it is seen at once that the server is away.
    void queries.invalidateQueries(session);
    do await pause();
    while (!(await answers()));
    return importer().catch(gone);
  };
}

/** The server has other files now, as after an update: the page of today knows them. Reloaded in vain, it fails. */
function gone(error: unknown): Promise<never> {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - last < RELOADED_MS) throw error;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  window.location.reload();
  return new Promise(() => {});
}

async function answers(): Promise<boolean> {
  try {
    await fetch("/livez");
    return true;
  } catch {
    return false;
  }
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, AGAIN_MS));
}
