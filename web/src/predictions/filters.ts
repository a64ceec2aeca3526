// What the list of predictions is narrowed to: as it stands in the address, and as the API is asked.

import type { Shapes } from "@/api/client";
import type { PredictionSearch } from "@/app/router";

export type Status = Shapes["Status"];

export interface Filters {
  statuses: Status[];
  model: string | null;
  since: Since | null;
  everyone: boolean;
}

export type Since = "15m" | "1h" | "1d" | "7d";

/** In the order in which a prediction goes through them, and what a person calls them. */
export const STATUSES: readonly (readonly [Status, string])[] = [
  ["pending", "Queued"],
  ["starting", "Starting"],
  ["started", "Running"],
  ["succeeded", "Succeeded"],
  ["failed", "Failed"],
  ["cancelled", "Cancelled"],
  ["abandoned", "Abandoned"],
];

export const TIMES: readonly (readonly [Since, string, seconds: number])[] = [
  ["15m", "Last 15 minutes", 900],
  ["1h", "Last hour", 3600],
  ["1d", "Last day", 86_400],
  ["7d", "Last week", 604_800],
];

/** The filters that an address tells of; what is no filter is left out. */
export function filtersOf(search: PredictionSearch): Filters {
  const wanted = new Set(search.status?.split(","));
  return {
    statuses: STATUSES.map(([status]) => status).filter((status) => wanted.has(status)),
    model: search.model ?? null,
    since: TIMES.find(([since]) => since === search.since)?.[0] ?? null,
    everyone: search.everyone === true,
  };
}

/** The address's part for filters; the shortest there is. */
export function searchOf(filters: Filters): PredictionSearch {
  return {
    ...(filters.statuses.length > 0 && { status: filters.statuses.join(",") }),
    ...(filters.model !== null && { model: filters.model }),
    ...(filters.since !== null && { since: filters.since }),
    ...(filters.everyone && { everyone: true }),
  };
}

/** What the API is asked for, at this moment in milliseconds. */
export function queryOf(filters: Filters, now: number) {
  const span = TIMES.find(([since]) => since === filters.since)?.[2];
  return {
    ...(filters.statuses.length > 0 && { statuses: filters.statuses }),
    ...(filters.model !== null && { model: filters.model }),
    ...(span !== undefined && { created_after: new Date(now - span * 1000).toISOString() }),
    ...(filters.everyone && { everyone: true }),
  };
}

export function isFiltered(filters: Filters): boolean {
  return filters.statuses.length > 0 || filters.model !== null || filters.since !== null;
}
