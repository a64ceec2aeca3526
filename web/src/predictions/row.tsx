// One prediction in the list.

import { Link } from "@tanstack/react-router";
import { type CSSProperties, memo } from "react";
import { Status } from "@/ui/status";
import { Ago, seconds } from "@/ui/time";
import styles from "./list.module.css";
import type { Row } from "./merge";
import { spansOf } from "./spans";

export const COLUMNS = ["Status", "Model", "Created", "Waited", "Ran", "Id"] as const;

interface Props {
  row: Row;
  /** Its place in the whole list, from 0. */
  index: number;
  /** Milliseconds since the epoch; changes only for what is not over. */
  now: number;
  active: boolean;
  style: CSSProperties;
  id: string;
}

/** A row of the grid; opening it is the grid's and its link's. */
export const ListRow = memo(function ListRow({ row, index, now, active, style, id }: Props) {
  const { waited, ran } = spansOf(row, now);
  const { owner, name, version_number } = row.model;
  return (
    <div
      role="row"
      id={id}
      aria-rowindex={index + 2}
      aria-selected={active}
      data-row={row.id}
      className={active ? styles.active : styles.row}
      style={style}
    >
      <div role="gridcell" className={styles.status}>
        <Status of={row.status} />
      </div>
      <div role="gridcell" className={styles.model} title={`${owner}/${name}:${version_number}`}>
        <span className={styles.owner}>{owner}/</span>
        <span className={styles.name}>{name}</span>
        <span className={styles.number}>:{version_number}</span>
      </div>
      <div role="gridcell" className={styles.created}>
        <Ago at={row.created_at} />
      </div>
      <div role="gridcell" className={styles.waited}>
        <Span of={waited} what="waited" />
      </div>
      <div role="gridcell" className={styles.ran}>
        <Span of={ran} what="ran" />
      </div>
      <div role="gridcell" className={styles.id}>
        <Link to="/predictions/$id" params={{ id: row.id }} tabIndex={-1} title={row.id} preload={false}>
          {row.id.slice(-8)}
        </Link>
      </div>
    </div>
  );
});

function Span({ of, what }: { of: number | null; what: string }) {
  if (of === null || of === 0) return <span className={styles.none}>–</span>;
  return (
    <>
      <span className={styles.word}>{what} </span>
      {seconds(of)}
    </>
  );
}
