// The caller's last runs of this model, to go back to one of them.

import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { model } from "@/api/queries";
import { useStanding } from "@/prediction/live";
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
              {one.id === run ? (
                <Shown id={run} owner={owner} name={name} listed={one.status} />
              ) : (
                <Status of={one.status} />
              )}
              <Ago at={one.created_at} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The status of the run that is shown, as it is shown. With it the model's own changes, which a run may warm up. */
function Shown({ id, owner, name, listed }: { id: string; owner: string; name: string; listed: string }) {
  const queries = useQueryClient();
  const status = useStanding(id).prediction?.status ?? listed;
  useEffect(() => {
    if (status !== "pending") void queries.invalidateQueries(model(owner, name));
  }, [status, owner, name, queries]);
  return <Status of={status} />;
}
