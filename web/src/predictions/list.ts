// The list of predictions, kept live: read downwards page by page, and looked at from the top every two seconds.

import {
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { type RefObject, useCallback, useMemo } from "react";
import { api, ask } from "@/api/client";
import { every } from "@/api/every";
import { Problem } from "@/api/problem";
import { type Filters, queryOf } from "./filters";
import {
  isApart,
  isLive,
  joined,
  type List,
  type ListPage,
  type News,
  newcomers,
  type Row,
  reaches,
  renewed,
  rowsOf,
} from "./merge";

const PAGE = 100;
const EVERY_MS = 2000;
/** How many rows are asked for one by one at a time: those that have just left what the filter shows. */
const SINGLY = 12;

/** What the reader sees: the rows on the screen, and whether new ones would push them away. */
export interface View {
  rows: Row[];
  reading: boolean;
}

interface Waiting {
  rows: Row[];
  /** The newest page, where more came than it holds: what is shown has to begin anew with it. */
  anew: ListPage | null;
}

const NOTHING: Waiting = { rows: [], anew: null };

export function useList(filters: Filters, view: RefObject<View>) {
  const client = useQueryClient();
  const key = useMemo(() => ["predictions", filters], [filters]);
  const wait = useMemo(() => ["predictions-new", filters], [filters]);
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => pageOf(filters, { cursor: pageParam as string | undefined }, signal),
    initialPageParam: undefined as unknown,
    getNextPageParam: (page: ListPage) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData<List>,
    // Kept as it was read, so that going back finds the same place; what is new is brought by the look at the top.
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  const { data: waiting = NOTHING } = useQuery({
    queryKey: wait,
    queryFn: ({ signal }) => look(client, { key, wait, filters, view: view.current }, signal),
    enabled: list.isSuccess && !list.isPlaceholderData,
    refetchInterval: every(EVERY_MS),
    staleTime: 0,
    structuralSharing: false,
  });
  const show = useCallback(() => {
    const now = client.getQueryData<Waiting>(wait) ?? NOTHING;
    client.setQueryData<List>(key, (old) => old && brought(old, now));
    client.setQueryData<Waiting>(wait, NOTHING);
  }, [client, key, wait]);
  const rows = useMemo(() => (list.data === undefined ? [] : rowsOf(list.data)), [list.data]);
  return { list, rows, waiting: waiting.rows.length, more: waiting.anew !== null, show };
}

interface Look {
  key: readonly unknown[];
  wait: readonly unknown[];
  filters: Filters;
  view: View;
}

/** Looks at the top, and at the rows on the screen that are not over; brings what is new, or lets it wait. */
async function look(client: QueryClient, { key, wait, filters, view }: Look, signal: AbortSignal) {
  const head = await pageOf(filters, {}, signal);
  const news = await newsOf(filters, head, view.rows.filter(isLive), signal);
  client.setQueryData<List>(key, (old) => old && renewed(old, news));
  const list = client.getQueryData<List>(key);
  if (list === undefined) return NOTHING;
  const now = waitingAfter(list, head, client.getQueryData<Waiting>(wait) ?? NOTHING);
  if (view.reading) return now;
  client.setQueryData<List>(key, brought(list, now));
  return NOTHING;
}

function waitingAfter(list: List, head: ListPage, before: Waiting): Waiting {
  const rows = new Map([...before.rows, ...newcomers(list, head)].map((row) => [row.id, row]));
  const known = new Set([...rowsOf(list), ...before.rows].map((row) => row.id));
  const anew = before.anew !== null || isApart(known, head) ? head : null;
  return { rows: [...rows.values()], anew };
}

function brought(list: List, { rows, anew }: Waiting): List {
  if (anew !== null) return { pages: [anew], pageParams: [undefined] };
  const known = new Set(rowsOf(list).map((row) => row.id));
  return joined(
    list,
    rows.filter((row) => !known.has(row.id)),
  );
}

/** How the rows of the newest page, and those on the screen that were not over, are now. */
async function newsOf(filters: Filters, head: ListPage, live: Row[], signal: AbortSignal): Promise<News> {
  const pages = [head];
  const below = live.filter((row) => !reaches(head, row.id));
  const first = below[0];
  if (first !== undefined) {
    const before = new Date(Date.parse(first.created_at) + 1).toISOString();
    pages.push(await pageOf(filters, { created_before: before }, signal));
  }
  const news: News = new Map(pages.flatMap((page) => page.items.map((row) => [row.id, row] as const)));
  const left = live.filter((row) => !news.has(row.id) && pages.some((page) => reaches(page, row.id)));
  const found = await Promise.all(left.slice(0, SINGLY).map((row) => one(row, signal)));
  for (const [id, row] of found) news.set(id, row);
  return news;
}

async function one(row: Row, signal: AbortSignal): Promise<[string, Row | null]> {
  const call = api.GET("/v1/predictions/{prediction_id}", {
    params: { path: { prediction_id: row.id } },
    signal,
  });
  try {
    return [row.id, await ask(call)];
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 410)) return [row.id, null];
    throw error;
  }
}

function pageOf(
  filters: Filters,
  place: { cursor?: string | undefined; created_before?: string },
  signal: AbortSignal,
): Promise<ListPage> {
  // A cursor carries the filters of its list.
  const query = place.cursor === undefined ? { ...queryOf(filters, Date.now()), ...place } : place;
  return ask(api.GET("/v1/predictions", { params: { query: { ...query, page_size: PAGE } }, signal }));
}
