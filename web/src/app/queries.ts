// How long answers are kept, and which failures are tried again.

import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "@/api/problem";
import { session } from "@/api/queries";

const RETRIES = 3;

/** Answers of the API. A caller error is final; a server that is away is asked again. */
export const queries: QueryClient = new QueryClient({
  defaultOptions: {
    // Whether the server answers is seen by asking it: one on this machine does without any network.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 10_000,
      retry: (count, error) =>
        count < RETRIES && error instanceof Problem && (error.offline || error.status === 503),
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4000),
    },
  },
  queryCache: new QueryCache({
    onError(error) {
      // The session has ended while the page was open: everything that depends on it shows so.
      if (error instanceof Problem && error.status === 401) void queries.invalidateQueries(session);
    },
  }),
});
