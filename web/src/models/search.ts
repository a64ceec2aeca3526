// What the address of the list of models says: words, category, order, status.

import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";

export interface ModelsSearch {
  q?: string | undefined;
  category?: string | undefined;
  sort?: string | undefined;
  status?: string | undefined;
}

/** The orders, as the address names them, with what the API calls them. */
export const SORTS = [
  ["newest", "Newest first", "created_at", "desc"],
  ["runs", "Most runs first", "predictions_count", "desc"],
  ["oldest", "Oldest first", "created_at", "asc"],
] as const;

export const STATUSES = ["ready", "starting", "cold", "broken", "empty"] as const;

export type Sort = (typeof SORTS)[number];

export const sortOf = (search: ModelsSearch): Sort =>
  SORTS.find(([name]) => name === search.sort) ?? SORTS[0];

/** What the address says, and how to change it: an empty value takes a filter away. */
export function useModelsSearch() {
  const search: ModelsSearch = useSearch({ from: "/" });
  const navigate = useNavigate();
  const router = useRouter();
  const change = (to: ModelsSearch) => {
    // Whoever is on the way to another page is not called back by what was typed before.
    if (router.latestLocation.pathname !== "/") return;
    const next = Object.entries({ ...search, ...to }).filter(
      ([, value]) => value !== undefined && value !== "",
    );
    void navigate({ to: "/", search: Object.fromEntries(next), replace: true });
  };
  return { search, change };
}
