// What was told to a prediction's webhook: each delivery with its attempts, and telling it again. Live while one is due.

import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { api, ask, type Shapes } from "@/api/client";
import { Button } from "@/ui/button";
import { useSay } from "@/ui/notices";
import { Panel } from "@/ui/panel";
import { ProblemNote } from "@/ui/problem-note";
import { Status } from "@/ui/status";
import { Ago, seconds } from "@/ui/time";
import { plain } from "./ansi";
import styles from "./deliveries.module.css";

type Delivery = Shapes["Delivery"];

const SOON_MS = 1000;
const MOVING = new Set(["due", "sending"]);

/** Is not there where nobody is told of the prediction. `over`: whether it has ended. */
export function Deliveries({ id, over }: { id: string; over: boolean }) {
  const key = ["deliveries", id, over];
  const found = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/v1/predictions/{prediction_id}/webhooks", {
          params: { path: { prediction_id: id }, query: { cursor: pageParam, page_size: 50 } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const all = state.data?.pages.flatMap((page) => page.items) ?? [];
      // One that has a webhook has a delivery from the beginning.
      return all.some((one) => MOVING.has(one.state)) || (!over && all.length > 0) ? SOON_MS : false;
    },
  });
  if (found.isError) {
    const again = <Button onClick={() => void found.refetch()}>Try again</Button>;
    return (
      <Panel title="Webhook" bare>
        <ProblemNote error={found.error} actions={again} />
      </Panel>
    );
  }
  const deliveries = found.data?.pages.flatMap((page) => page.items) ?? [];
  if (deliveries.length === 0) return null;
  return (
    <Panel title="Webhook deliveries">
      <ul className={styles.list}>
        {deliveries.map((one) => (
          <One key={one.id} delivery={one} refreshed={key} />
        ))}
      </ul>
      {found.hasNextPage && <Button onClick={() => void found.fetchNextPage()}>Show more</Button>}
    </Panel>
  );
}

function One({ delivery, refreshed }: { delivery: Delivery; refreshed: readonly unknown[] }) {
  const say = useSay();
  const queries = useQueryClient();
  const { mutate, isPending } = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/v1/webhooks/{delivery_id}/redeliver", { params: { path: { delivery_id: delivery.id } } }),
      ),
    onSuccess: () => say("It is sent again."),
    onError: (error) => say.failed(error),
    onSettled: () => queries.invalidateQueries({ queryKey: refreshed }),
  });
  const last = delivery.attempts.at(-1);
  return (
    <li className={styles.delivery} aria-label={`Delivery of ${delivery.status}`}>
      <div className={styles.line}>
        <span className={styles.what}>
          Told of <strong>{delivery.status}</strong>
        </span>
        <Status of={delivery.state} />
        <span className={styles.about}>
          {last === undefined ? "not tried yet" : outcome(last)}
          {delivery.state === "due" && delivery.due_at !== null && last !== undefined && (
            <>, again at {CLOCK.format(new Date(delivery.due_at))}</>
          )}
        </span>
        <Button onClick={() => mutate()} busy={isPending} aria-label={`Redeliver ${delivery.status}`}>
          <RotateCw size={14} aria-hidden /> Redeliver
        </Button>
      </div>
      {delivery.attempts.length > 0 && <Attempts attempts={delivery.attempts} />}
    </li>
  );
}

function Attempts({ attempts }: { attempts: Delivery["attempts"] }) {
  const many = attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`;
  return (
    <details className={styles.attempts}>
      <summary>{many}</summary>
      <ol>
        {attempts.map((one) => (
          <li key={`${one.number} ${one.started_at}`}>
            <span>
              {outcome(one)} in {seconds(one.duration)}, <Ago at={one.started_at} />
            </span>
            {one.response !== null && one.response !== "" && <pre>{plain(one.response)}</pre>}
          </li>
        ))}
      </ol>
    </details>
  );
}

function outcome(attempt: Delivery["attempts"][number]): string {
  if (attempt.status_code !== null) return `answered ${attempt.status_code}`;
  return plain(attempt.error ?? "no answer");
}

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
