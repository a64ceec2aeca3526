// The samples of "Use from code": a tab for each language and client, filled with an input.

import type { JsonObject } from "@/forms/json";
import type { Schema } from "@/forms/schema";
import { anthropic, openai, replicate } from "./others";
import { commandLine, curl, javascript, python } from "./own";
import { withoutSecrets } from "./secrets";
import type { Asked, Way } from "./ways";

export type { Way } from "./ways";

/** What samples are asked for: a model, and what is in its form. */
export interface Wanted {
  origin: string;
  owner: string;
  name: string;
  /** The version to name; the latest one if it is left out. */
  version?: number | undefined;
  input: JsonObject;
  /** The JSON Schema of the input. */
  schema: Schema;
  compatibilities: Asked["compatibilities"];
  /** The JSON Schema of a piece of the output; null where it comes whole. */
  stream: Record<string, unknown> | null;
}

/** The tabs, in their order. Secrets are left for the reader to fill in. */
export function waysOf(wanted: Wanted): Way[] {
  const { owner, name, version, stream } = wanted;
  const asked: Asked = {
    origin: wanted.origin,
    model: version === undefined ? `${owner}/${name}` : `${owner}/${name}:${version}`,
    version,
    input: withoutSecrets(wanted.schema, wanted.input, (secret) => `<${secret}>`),
    compatibilities: wanted.compatibilities,
    stream: stream !== null,
    text: stream?.type === "string" && stream["x-augury-type"] === undefined,
  };
  const ways = [curl, python, javascript, commandLine, openai, anthropic, replicate].map((way) => way(asked));
  return ways.filter((way) => way !== null);
}
