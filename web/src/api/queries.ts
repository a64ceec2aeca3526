// What is asked of the API in more than one place, each under one key.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ask, type Shapes } from "./client";

export type SessionInfo = Shapes["Session"];

/** Who is signed in; `user` is null for a visitor. */
export const session = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => ask(api.GET("/v1/session", { signal })),
  staleTime: 60_000,
});

/** A model with its latest version. */
export const model = (owner: string, name: string) =>
  queryOptions({
    queryKey: ["model", owner, name],
    queryFn: ({ signal }) =>
      ask(api.GET("/v1/models/{owner}/{name}", { params: { path: { owner, name } }, signal })),
  });

/** One version of a model. */
export const version = (owner: string, name: string, number: number) =>
  queryOptions({
    queryKey: ["version", owner, name, number],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/v1/models/{owner}/{name}/versions/{number}", {
          params: { path: { owner, name, number: String(number) } },
          signal,
        }),
      ),
  });

/** A model's versions, newest first, page by page. */
export const versions = (owner: string, name: string) =>
  infiniteQueryOptions({
    queryKey: ["versions", owner, name],
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/v1/models/{owner}/{name}/versions", {
          params: { path: { owner, name }, query: { cursor: pageParam, page_size: 50 } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** A prediction as the API tells of it now. Its live state is kept by prediction/live.ts. */
export const prediction = (id: string) =>
  queryOptions({
    queryKey: ["prediction", id],
    queryFn: ({ signal }) =>
      ask(api.GET("/v1/predictions/{prediction_id}", { params: { path: { prediction_id: id } }, signal })),
  });
