// A line at the top while the server does not answer; it asks again by itself.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Problem } from "@/api/problem";
import { session } from "@/api/queries";
import styles from "./offline.module.css";
import { queries } from "./queries";

const AGAIN_MS = 2000;

export function Offline() {
  const away = useAway();
  // Any answer will do: as soon as there is one, everything that failed is asked again.
  const { isSuccess } = useQuery({
    queryKey: ["back"],
    queryFn: () => fetch("/livez").then((answer) => answer.status),
    enabled: away,
    retry: false,
    gcTime: 0,
    refetchInterval: AGAIN_MS,
  });
  useEffect(() => {
    if (away && isSuccess) void queries.invalidateQueries();
  }, [away, isSuccess]);
  if (!away) return null;
  return (
    <p className={styles.offline} role="status">
      The server does not answer. What is shown may be old; the page goes on by itself as soon as it is back.
    </p>
  );
}

/** Whether the newest thing that was heard of the server is that it did not answer. */
function useAway(): boolean {
  const [away, setAway] = useState(false);
  useEffect(
    () =>
      queries.getQueryCache().subscribe((event) => {
        if (event.type !== "updated" || event.query.queryHash === '["back"]') return;
        if (event.action.type === "success") setAway(false);
        if (event.action.type === "failed" || event.action.type === "error") {
          const { error } = event.action;
          setAway(error instanceof Problem && error.offline);
        }
      }),
    [],
  );
  useQuery({ ...session, refetchOnReconnect: true });
  return away;
}
