// What the pages of a model stand on: the model, and the version that the address chooses.

import { createContext, useContext } from "react";
import type { Shapes } from "@/api/client";

/** A model's page, as its tabs see it. */
export interface ModelHere {
  owner: string;
  name: string;
  model: Shapes["Model"];
  /** The version that is shown: that of the search param `version`, else the latest; null if there is none. */
  version: Shapes["Version"] | null;
  /** Whether the address chose the version, so that links keep it. */
  pinned: boolean;
  /** Whether the caller may change the model: its owner, or an admin. */
  mayChange: boolean;
  /** Whether anybody is signed in. */
  signedIn: boolean;
}

export const ModelContext = createContext<ModelHere | null>(null);

/** The model of the page, and its chosen version. */
export function useModel(): ModelHere {
  const here = useContext(ModelContext);
  if (here === null) throw new Error("useModel is used outside of a model's page");
  return here;
}

/** As useModel, for tabs that are only shown where there is a version. */
export function useModelVersion(): ModelHere & { version: Shapes["Version"] } {
  const here = useModel();
  if (here.version === null) throw new Error(`${here.owner}/${here.name} has no version`);
  return { ...here, version: here.version };
}
