// A list of the API that is read page by page, as the parts of the settings show it.

import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

interface PageOf<Item> {
  items: Item[];
  next_cursor: string | null;
}

export type Ask<Item> = (
  place: { cursor?: string; page_size: number },
  signal: AbortSignal,
) => Promise<PageOf<Item>>;

const PAGE = 100;

export function usePages<Item>(queryKey: QueryKey, ask: Ask<Item>) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      ask({ page_size: PAGE, ...(pageParam !== undefined && { cursor: pageParam }) }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: PageOf<Item>) => page.next_cursor ?? undefined,
  });
  return { query, items: query.data?.pages.flatMap((page) => page.items) ?? [] };
}
