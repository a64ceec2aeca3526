// A list of flat objects as a table; of many rows only those are there that are seen.

import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import styles from "./table.module.css";

interface Props {
  rows: readonly Record<string, unknown>[];
  columns: readonly string[];
}

const ROW = 30;
const LOOKED_AT = 100;
const LONGEST = 300;

export function Table({ rows, columns }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const widths = useMemo(() => columns.map((column) => width(column, rows)), [columns, rows]);
  const seen = virtual.getVirtualItems();
  const before = seen[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (seen.at(-1)?.end ?? 0);
  return (
    <div ref={box} className={styles.box} tabIndex={0} role="region" aria-label="Output table">
      <table className={styles.table} aria-rowcount={rows.length + 1}>
        <colgroup>
          <col style={{ width: "4.5ch" }} />
          {columns.map((column, place) => (
            <col key={column} style={{ width: `${widths[place]}ch` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col" className={styles.number}>
              <span className="visually-hidden">Row</span>
            </th>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                title={column}
                className={typeof rows[0]?.[column] === "number" ? styles.numeric : undefined}
              >
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space height={before} />
          {seen.map(({ index }) => (
            <tr key={index} aria-rowindex={index + 2}>
              <td className={styles.number}>{index}</td>
              {columns.map((column) => (
                <Cell key={column} value={rows[index]?.[column]} />
              ))}
            </tr>
          ))}
          <Space height={after} />
        </tbody>
      </table>
    </div>
  );
}

function Space({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

function Cell({ value }: { value: unknown }) {
  if (value === undefined) return <td />;
  const text = shortened(value);
  const kind = typeof value === "number" ? styles.numeric : value === null ? styles.none : undefined;
  return (
    <td className={kind} title={text.length > 12 ? text : undefined}>
      {text}
    </td>
  );
}

function shortened(value: unknown): string {
  const text = String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function width(column: string, rows: readonly Record<string, unknown>[]): number {
  let most = column.length;
  for (const row of rows.slice(0, LOOKED_AT)) most = Math.max(most, shortened(row[column] ?? "").length);
  return Math.min(Math.max(most, 4), 40) + 4;
}
