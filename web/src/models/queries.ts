// The lists of models: everyone's, the caller's own, and those that are found by words.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ask, type Shapes } from "@/api/client";
import type { Sort } from "./search";

export type ModelSummary = Shapes["ModelSummary"];

const PAGE = 48;
const AGAIN_MS = 15_000;
const PAGES_AGAIN = 2;
/** The most pages of own models that are read: they are shown at once. */
const OWN_PAGES = 10;

const paged = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: Shapes["ModelSummaryPage"]) => page.next_cursor ?? undefined,
  placeholderData: keepPreviousData,
  // So that what is ready, starting or broken is so now; long lists are asked for when they are come back to.
  refetchInterval: ({ state }: { state: { data?: { pages: unknown[] } | undefined } }) =>
    (state.data?.pages.length ?? 0) > PAGES_AGAIN ? (false as const) : AGAIN_MS,
};

/** The models that everyone may see. */
export const everyones = ([, , by, direction]: Sort, category: string | undefined) =>
  infiniteQueryOptions({
    ...paged,
    queryKey: ["models", "everyone", by, direction, category ?? ""],
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/v1/models", {
          params: {
            query: {
              cursor: pageParam,
              page_size: PAGE,
              sort_by: by,
              sort_direction: direction,
              ...(category === undefined ? {} : { category_slugs: [category] }),
            },
          },
          signal,
        }),
      ),
  });

/** Those that have all the words, the best first; the caller's private ones among them. */
export const found = (words: string) =>
  infiniteQueryOptions({
    ...paged,
    queryKey: ["models", "found", words],
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/v1/search/models", {
          params: { query: { q: words, cursor: pageParam, page_size: PAGE } },
          signal,
        }),
      ),
  });

/** The caller's own private models, which are in no list of everyone's. */
export const ownPrivate = queryOptions({
  queryKey: ["models", "own"],
  queryFn: async ({ signal }) => {
    const all: ModelSummary[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < OWN_PAGES; page += 1) {
      const query = { cursor, page_size: 100 };
      const { items, next_cursor } = await ask(api.GET("/v1/user/models", { params: { query }, signal }));
      all.push(...items);
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    return all.filter((model) => model.visibility === "private");
  },
});

export const categories = queryOptions({
  queryKey: ["categories"],
  queryFn: async ({ signal }) => {
    const query = { page_size: 100 };
    return (await ask(api.GET("/v1/model_categories", { params: { query }, signal }))).items;
  },
  staleTime: 60_000,
});
