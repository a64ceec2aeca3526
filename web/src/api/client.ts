// The one way to the API: typed by its own description, failing with a Problem.

import createClient from "openapi-fetch";
import { noteDate } from "./clock";
import { Problem, problemOf, unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Shapes = components["schemas"];

const client = createClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  fetch: async (request) => noteDate(await fetch(request)),
});

/** The API's routes: `ask(api.GET("/v1/models", { params: … }))`. */
export const api = client;

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** What an API call answers with; throws a Problem for everything that is no success. */
export async function ask<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (error instanceof Problem) throw error;
    throw unreachable(error);
  }
  if (!answer.response.ok) throw problemOf(answer.response, answer.error);
  return answer.data as Data;
}
