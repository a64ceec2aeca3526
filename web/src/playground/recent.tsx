// The caller's last runs of this model, to go back to one of them.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/api/client";
import { Status } from "@/ui/status";
import { Ago } from "@/ui/time";
import styles from "./playground.module.css";

const SHOWN = 5;
const WHILE_LIVE_MS = 3000;
const ENDED = new Set(["succeeded", "failed", "cancelled", "abandoned"]);

export const recentRuns = (owner: string, name: string) =>
  queryOptions({
    queryKey: ["predictions", "recent", owner, name],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/v1/predictions", {
          params: { query: { model: `${owner}/${name}`, page_size: SHOWN } },
          signal,
        }),
      ),
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => !ENDED.has(one.status)) === true ? WHILE_LIVE_MS : false,
  });

export function Recent({ owner, name, run }: { owner: string; name: string; run: string | undefined }) {
  const { data } = useQuery(recentRuns(owner, name));
  if (data === undefined || data.items.length === 0) return null;
  return (
    <nav className={styles.recent} aria-label="Your last runs of this model">
      <span aria-hidden>Last runs</span>
      <ul>
        {data.items.map((one) => (
          <li key={one.id}>
            <Link
              to="."
              search={(search) => ({ ...search, run: one.id })}
              className={one.id === run ? styles.current : styles.past}
              aria-current={one.id === run ? "true" : undefined}
              resetScroll={false}
            >
              <Status of={one.status} />
              <Ago at={one.created_at} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
