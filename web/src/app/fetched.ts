// Code that is loaded when it is wanted: also if the server is away just then.

import { session } from "@/api/queries";
import { queries } from "./queries";

const AGAIN_MS = 2000;

/** `importer`, for `lazy()` and routes: waits for a server that does not answer, and fails where the code is gone. */
export function fetched<Module>(importer: () => Promise<Module>): () => Promise<Module> {
  return async function load(): Promise<Module> {
    try {
      return await importer();
    } catch (error) {
      if (await answers()) throw gone(error);
    }
    // So that it is seen at once that the server is away.
    void queries.invalidateQueries(session);
    do await pause();
    while (!(await answers()));
    return load();
  };
}

/** The server has other files now, as after an update. By these words the router knows that loading it anew helps. */
function gone(error: unknown): Error {
  return new Error(`Failed to fetch dynamically imported module: ${String(error)}`);
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
