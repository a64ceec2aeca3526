// What is asked for the page of what happens now, every few seconds while it is looked at.

import { queryOptions } from "@tanstack/react-query";
import { api, ask, type Shapes } from "@/api/client";
import { every } from "@/api/every";
import { unreachable } from "@/api/problem";

export type Statistics = Shapes["StatisticsAnswer"];
export type Minute = Statistics["minutes"][number];
export type Percentiles = NonNullable<Minute["queue_time"]>;

const EVERY_MS = 5000;
export const MINUTES = 60;

export const statistics = queryOptions({
  queryKey: ["now", "statistics"],
  queryFn: ({ signal }) =>
    ask(api.GET("/v1/statistics", { params: { query: { minutes: MINUTES } }, signal })),
  refetchInterval: every(EVERY_MS),
});

export const fleet = queryOptions({
  queryKey: ["now", "workers"],
  queryFn: ({ signal }) => ask(api.GET("/v1/workers", { signal })),
  refetchInterval: every(EVERY_MS),
});

/** Whether the server can take work. That it cannot is an answer, too. */
export const health = queryOptions({
  queryKey: ["now", "health"],
  queryFn: async ({ signal }): Promise<Shapes["Health"]> => {
    const { data, error, response } = await api.GET("/readyz", { signal }).catch((failure: unknown) => {
      throw unreachable(failure);
    });
    const found = data ?? (error as Shapes["Health"] | undefined);
    if (found === undefined || !Array.isArray(found.problems)) throw unreachable(`status ${response.status}`);
    return found;
  },
  refetchInterval: every(EVERY_MS),
});
