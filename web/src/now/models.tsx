// How each model did in the hour, the busiest first.

import { type Column, Table } from "@/ui/table";
import { seconds } from "@/ui/time";
import { ModelLink } from "./model-link";
import styles from "./now.module.css";
import type { Percentiles, Statistics } from "./statistics";

type Row = Statistics["models"][number];

export function Models({ rows }: { rows: Row[] }) {
  if (rows.length === 0) return null;
  return (
    <section className={styles.section} aria-label="Models">
      <h2>Models</h2>
      <Table
        label="Models"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ model }) => `${model.owner}/${model.name}:${model.version_number}`}
      />
    </section>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { head: "Model", cell: ({ model }) => <ModelLink model={model} /> },
  { head: "Created", number: true, cell: (row) => count(row.created) },
  { head: "Succeeded", number: true, cell: (row) => count(row.succeeded) },
  { head: "Failed", number: true, cell: (row) => count(row.failed + row.abandoned) },
  { head: "Cancelled", number: true, cell: (row) => count(row.cancelled) },
  { head: "In the queue", number: true, cell: (row) => <Times of={row.queue_time} /> },
  { head: "Ran", number: true, cell: (row) => <Times of={row.run_time} /> },
];

function count(value: number) {
  return value === 0 ? <span className={styles.quiet}>0</span> : value.toLocaleString();
}

function Times({ of }: { of: Percentiles | null }) {
  if (of === null) return <span className={styles.quiet}>–</span>;
  return (
    <span title="Half within, and 95 % within">
      {seconds(of.p50)} <span className={styles.quiet}>/</span> {seconds(of.p95)}
    </span>
  );
}
