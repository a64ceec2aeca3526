// A JSON value as a tree: opened and closed by mouse and keys, searched, and as fast for a hundred thousand rows.

import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight, FoldVertical, UnfoldVertical } from "lucide-react";
import { type CSSProperties, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { Copy } from "@/ui/copy";
import type { Schema } from "./kinds";
import styles from "./tree.module.css";
import { CLOSED, type Opened, openTo, type Row, rowsOf, toggled } from "./tree-rows";
import { Search } from "./tree-search";
import { isLong, Value } from "./tree-value";

interface Props {
  value: unknown;
  schema?: Schema | undefined;
  /** What it is, for those who do not see it. */
  label: string;
  /** Changes when the value has grown in place. */
  size?: number;
}

const ROW = 24;

export function Tree({ value, schema, label, size }: Props) {
  const [opened, setOpened] = useState<Opened>(CLOSED);
  const [at, setAt] = useState("");
  const [found, setFound] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the size says that the value has grown in place
  const rows = useMemo(() => rowsOf(value, opened, schema), [value, opened, schema, size]);
  const go = (path: string) => {
    setFound(path);
    setAt(path);
    setOpened((now) => openTo(now, path));
  };
  const closed = useMemo(() => rows.some((row) => row.count !== null && row.count > 0 && !row.open), [rows]);
  const chosen = rows.find((row) => row.path === at);
  return (
    <div className={styles.tree}>
      {(rows.length > 8 || closed) && (
        <div className={styles.tools}>
          <Search value={value} label={label} onFound={go} onNone={() => setFound(null)} />
          <Button kind="quiet" onClick={() => setOpened({ rest: "all", by: new Map() })}>
            <UnfoldVertical size={15} aria-hidden /> Open all
          </Button>
          <Button kind="quiet" onClick={() => setOpened({ rest: "none", by: new Map([["", true]]) })}>
            <FoldVertical size={15} aria-hidden /> Close all
          </Button>
        </div>
      )}
      <Rows
        rows={rows}
        label={label}
        at={at}
        found={found}
        onAt={setAt}
        onToggle={(row) => setOpened((now) => toggled(now, row))}
      />
      {chosen !== undefined && isLong(chosen.value) && <Whole row={chosen} />}
    </div>
  );
}

interface RowsProps {
  rows: readonly Row[];
  label: string;
  at: string;
  found: string | null;
  onAt: (path: string) => void;
  onToggle: (row: Row) => void;
}

function Rows({ rows, label, at, found, onAt, onToggle }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 15,
  });
  const place = Math.max(
    0,
    rows.findIndex((row) => row.path === at),
  );
  useEffect(() => {
    if (at !== "") virtual.scrollToIndex(place, { align: "auto" });
  }, [at, place, virtual]);
  const pressed = (event: KeyboardEvent) => {
    const row = rows[place];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moved(event.key, rows, place);
    if (move !== null) onAt(rows[move]?.path ?? "");
    else if (toggles(event.key, row)) onToggle(row);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={box}
      className={styles.box}
      role="tree"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={`${id}-${place}`}
      onKeyDown={pressed}
    >
      <div style={{ height: virtual.getTotalSize() }} className={styles.all} role="none">
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <Item
              key={row.path}
              id={`${id}-${index}`}
              row={row}
              top={start}
              current={index === place}
              found={row.path === found}
              onClick={() => {
                onAt(row.path);
                if (row.count !== null && row.count > 0) onToggle(row);
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

interface ItemProps {
  id: string;
  row: Row;
  top: number;
  current: boolean;
  found: boolean;
  onClick: () => void;
}

function Item({ id, row, top, current, found, onClick }: ItemProps) {
  const holds = row.count !== null && row.count > 0;
  const names = [styles.row, current && styles.current, found && styles.found];
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-setsize={row.of}
      aria-posinset={row.place}
      aria-expanded={holds ? row.open : undefined}
      aria-selected={current}
      className={names.filter(Boolean).join(" ")}
      style={indented(top, row.depth)}
      onClick={onClick}
    >
      <span className={styles.arrow} data-open={row.open}>
        {holds && <ChevronRight size={14} aria-hidden />}
      </span>
      {row.name !== null && (
        <span className={typeof row.name === "number" ? styles.place : styles.name}>{row.name}:</span>
      )}
      <Value row={row} />
    </div>
  );
}

/** Where a row is: how far down, and how far in. Very deep ones are all as far in, so that they are still read. */
function indented(top: number, depth: number): CSSProperties {
  return { top, paddingLeft: `min(${depth * 1.1 + 0.25}rem, 55%)` };
}

/** A text that is too long for its row. */
function Whole({ row }: { row: Row }) {
  const text = String(row.value);
  return (
    <section className={styles.whole} aria-label={`The whole text at ${row.path || "the top"}`}>
      <header>
        <code>{row.path === "" ? "/" : row.path}</code>
        <Copy text={text} what="this text" />
      </header>
      <pre tabIndex={0}>
        {text.length > 100_000 ? `${text.slice(0, 100_000)}\n… (copy it to have all of it)` : text}
      </pre>
    </section>
  );
}

/** Where a key leads to among the rows; null for one that leads nowhere. */
function moved(key: string, rows: readonly Row[], place: number): number | null {
  const row = rows[place];
  switch (key) {
    case "ArrowDown":
      return Math.min(place + 1, rows.length - 1);
    case "ArrowUp":
      return Math.max(place - 1, 0);
    case "Home":
      return 0;
    case "End":
      return rows.length - 1;
    case "ArrowRight":
      return row?.open === true ? place + 1 : null;
    case "ArrowLeft":
      return row?.open === true || row === undefined ? null : parent(rows, place);
    default:
      return null;
  }
}

function parent(rows: readonly Row[], place: number): number | null {
  const depth = rows[place]?.depth ?? 0;
  for (let above = place - 1; above >= 0; above--) {
    if ((rows[above]?.depth ?? 0) < depth) return above;
  }
  return null;
}

function toggles(key: string, row: Row): boolean {
  if (row.count === null || row.count === 0) return false;
  if (key === "Enter" || key === " ") return true;
  return row.open ? key === "ArrowLeft" : key === "ArrowRight";
}
