// Every worker: what it does and since when; and the machines that they run on.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Shapes } from "@/api/client";
import { Loading } from "@/ui/loading";
import { ProblemNote } from "@/ui/problem-note";
import { Status } from "@/ui/status";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { ModelLink } from "./model-link";
import styles from "./now.module.css";
import { fleet } from "./statistics";

type Worker = Shapes["Worker"];

export function Workers() {
  const { data, error } = useQuery(fleet);
  return (
    <section className={styles.section} aria-label="Workers">
      <h2>Workers</h2>
      {error !== null && <ProblemNote error={error} />}
      {data === undefined && error === null && <Loading lines={2} />}
      {data !== undefined && data.workers.length > 0 && (
        <Table label="Workers" columns={COLUMNS} rows={data.workers} keyOf={(worker) => worker.id} />
      )}
      {data?.workers.length === 0 && (
        <p className={styles.note}>No worker runs. One is started as soon as a prediction needs it.</p>
      )}
      {data?.nodes.map((node) => (
        <p key={node.id} className={styles.note}>
          On <strong>{node.hostname}</strong>, process {node.pid}, started <Ago at={node.started_at} />.
        </p>
      ))}
    </section>
  );
}

const COLUMNS: readonly Column<Worker>[] = [
  { head: "Model", cell: ({ model }) => <ModelLink model={model} /> },
  { head: "State", cell: ({ state }) => <Status of={state} /> },
  { head: "Does", cell: (worker) => <Does worker={worker} /> },
  { head: "Since", cell: ({ created_at, ready_at }) => <Ago at={ready_at ?? created_at} /> },
  { head: "Process", cell: (worker) => <Process worker={worker} /> },
];

const NAMED = 8;

function Does({ worker: { predictions, slots, state } }: { worker: Worker }) {
  if (predictions.length === 0) {
    return <span className={styles.quiet}>{state === "starting" ? "Is set up" : "Waits for work"}</span>;
  }
  const more = predictions.length - NAMED;
  return (
    <span className={styles.busy}>
      {predictions.slice(0, NAMED).map((id) => (
        <Link key={id} to="/predictions/$id" params={{ id }} preload={false} title={id}>
          {id.slice(-8)}
        </Link>
      ))}
      {more > 0 && <span>and {more} more</span>}
      {slots > 1 && (
        <span className={styles.quiet}>
          {predictions.length} of {slots} places
        </span>
      )}
    </span>
  );
}

function Process({ worker: { hostname, pid } }: { worker: Worker }) {
  if (pid === null) return <span className={styles.quiet}>–</span>;
  return (
    <span className={styles.note}>
      {pid}
      {hostname !== null && ` on ${hostname}`}
    </span>
  );
}
