// Which models the page shows, of those that its lists have.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { session } from "@/api/queries";
import { everyones, found, type ModelSummary, ownPrivate } from "./queries";
import { type ModelsSearch, type Sort, sortOf } from "./search";

export interface List {
  /** The caller's private ones; empty while words are searched for, which finds them among all. */
  own: ModelSummary[];
  others: ModelSummary[];
  loading: boolean;
  error: Error | null;
  again: () => void;
  /** Asks for the next page; null where there is none. */
  more: (() => void) | null;
  /** Whether there is no model at all, also without filters. */
  nothing: boolean;
}

export function useList(search: ModelsSearch): List {
  const searching = search.q !== undefined;
  const sort = sortOf(search);
  const { data: me } = useQuery(session);
  const listed = useInfiniteQuery({ ...everyones(sort, search.category), enabled: !searching });
  const hits = useInfiniteQuery({ ...found(search.q ?? ""), enabled: searching });
  const mine = useQuery({ ...ownPrivate, enabled: !searching && me?.user != null });
  const shown = searching ? hits : listed;
  const own = !searching && me?.user != null ? (mine.data ?? []) : [];
  const others = shown.data?.pages.flatMap((page) => page.items) ?? [];
  const fits = (model: ModelSummary) => hasStatus(model, search) && hasCategory(model, search);
  const filtered = search.category !== undefined || search.status !== undefined;
  return {
    own: sorted(own.filter(fits), sort),
    others: others.filter(fits),
    loading: shown.isPending || (mine.isLoading && !searching),
    error: shown.error ?? mine.error,
    again: () => void Promise.all([shown.refetch(), me?.user != null && !searching && mine.refetch()]),
    more: shown.hasNextPage && !shown.isFetchingNextPage ? () => void shown.fetchNextPage() : null,
    nothing: !searching && !filtered && own.length === 0 && others.length === 0,
  };
}

const hasStatus = (model: ModelSummary, { status }: ModelsSearch) =>
  status === undefined || model.status === status;

const hasCategory = (model: ModelSummary, { category }: ModelsSearch) =>
  category === undefined || model.categories.some((one) => one.slug === category);

function sorted(models: ModelSummary[], [name]: Sort): ModelSummary[] {
  const newest = models.toSorted((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at));
  if (name === "oldest") return newest.toReversed();
  if (name === "runs") return newest.sort((one, other) => other.predictions_count - one.predictions_count);
  return newest;
}
