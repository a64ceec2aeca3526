// The list as it is shown, and what is heard of it since: rows that changed, rows that came, rows that are gone.
//
// Ids sort by age: a greater one is younger. The list is held with the youngest first, in pages.

import type { InfiniteData } from "@tanstack/react-query";
import type { Shapes } from "@/api/client";

export type Row = Shapes["PredictionSummary"];

export interface ListPage {
  items: Row[];
  next_cursor: string | null;
}

export type List = InfiniteData<ListPage>;

/** What was heard of rows by id; null for one that is gone. */
export type News = Map<string, Row | null>;

const LIVE = new Set(["pending", "starting", "started"]);

export function isLive(row: Row): boolean {
  return LIVE.has(row.status);
}

export function rowsOf(list: List): Row[] {
  return list.pages.flatMap((page) => page.items);
}

/** The list with its rows as they are now; the same list if nothing has changed. */
export function renewed(list: List, news: News): List {
  let changed = false;
  const pages = list.pages.map((page) => {
    if (!page.items.some((row) => differs(row, news))) return page;
    changed = true;
    const items = page.items.flatMap((row) => {
      const now = news.get(row.id);
      return now === null ? [] : [now ?? row];
    });
    return { ...page, items };
  });
  return changed ? { ...list, pages } : list;
}

function differs(row: Row, news: News): boolean {
  const now = news.get(row.id);
  return now !== undefined && (now?.status !== row.status || now.updated_at !== row.updated_at);
}

/** The list with rows more, each where its age puts it. */
export function joined(list: List, more: readonly Row[]): List {
  if (more.length === 0) return list;
  const pages = list.pages.map((page) => ({ ...page, items: [...page.items] }));
  for (const row of more) {
    const place = list.pages.findIndex(({ items }) => (items.at(-1)?.id ?? "") < row.id);
    pages.at(place)?.items.push(row);
  }
  for (const page of pages) page.items.sort((a, b) => (a.id < b.id ? 1 : -1));
  return { ...list, pages };
}

/** The rows of the newest page that the list has not; not those that belong further down than it was read. */
export function newcomers(list: List, head: ListPage): Row[] {
  const known = new Set(rowsOf(list).map((row) => row.id));
  const oldest = list.pages.at(-1)?.next_cursor == null ? "" : (rowsOf(list).at(-1)?.id ?? "");
  return head.items.filter((row) => !known.has(row.id) && row.id > oldest);
}

/** Whether so much came that the newest page and what is known have nothing in common. */
export function isApart(known: ReadonlySet<string>, head: ListPage): boolean {
  return head.next_cursor !== null && known.size > 0 && !head.items.some((row) => known.has(row.id));
}

/** Whether a page, read from the top or from this row on, would show the row if it still fitted. */
export function reaches(page: ListPage, id: string): boolean {
  return page.next_cursor === null || (page.items.at(-1)?.id ?? "") <= id;
}
