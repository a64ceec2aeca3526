// A dense table; on a phone each row is a card. Not for lists without end: see predictions/grid.tsx for those.

import type { ReactNode } from "react";
import styles from "./table.module.css";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Figures stand to the right. */
  number?: boolean;
  /** Buttons stand at the end; the head is for screen readers only. */
  actions?: boolean;
}

interface Props<Row> {
  /** What it is a table of, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Those that matter less now. */
  faded?: (row: Row) => boolean;
}

export function Table<Row>({ label, columns, rows, keyOf, faded }: Props<Row>) {
  // Roles are said because cards are laid out as blocks, which would take the meaning from the elements.
  return (
    <table role="table" className={styles.table} aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.head} role="columnheader" scope="col" className={classOf(column)}>
              {column.actions === true ? <span className="visually-hidden">{column.head}</span> : column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row" className={faded?.(row) === true ? styles.faded : undefined}>
            {columns.map((column) => (
              <td key={column.head} role="cell" className={classOf(column)} data-head={column.head}>
                <div>{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function classOf<Row>({ number, actions }: Column<Row>): string | undefined {
  if (actions === true) return styles.actions;
  return number === true ? styles.number : undefined;
}
