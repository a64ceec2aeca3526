// The list of predictions as a grid: only the rows on the screen are there, and the keys move through all of them.

import { useNavigate } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useMedia } from "@/ui/media";
import { useNow } from "@/ui/time";
import type { View } from "./list";
import styles from "./list.module.css";
import { isLive, type Row } from "./merge";
import { moved } from "./moves";
import { COLUMNS, ListRow } from "./row";

const ROW_PX = 40;
const CARD_PX = 66;
const TICK_MS = 1000;
/** How far down one may be for the top to count as looked at. */
const TOP_PX = 40;
/** The next page is asked for this many rows before its end is reached. */
const AHEAD = 60;

interface Props {
  rows: Row[];
  /** Kept up to date with what the reader sees. */
  view: RefObject<View>;
  /** Whether there is more to read further down. */
  more: boolean;
  onMore: () => void;
  /** Whether what is shown is of other filters than those that are chosen. */
  stale: boolean;
}

export function Grid({ rows, view, more, onMore, stale }: Props) {
  const narrow = useMedia("(width < 48rem)");
  const holder = useRef<HTMLDivElement>(null);
  const margin = useOffsetTop(holder);
  const height = narrow ? CARD_PX : ROW_PX;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    scrollMargin: margin,
    // Under the heads of the columns, and above what is at the bottom of a phone.
    scrollPaddingStart: 48,
    scrollPaddingEnd: narrow ? 72 : 16,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows are of another height.
  useLayoutEffect(() => virtual.measure(), [height, virtual]);
  const shown = virtual.getVirtualItems();
  const visible = shown.flatMap(({ index }) => rows[index] ?? []);
  const now = useNow(visible.some(isLive) ? TICK_MS : null);
  const keys = useActive(rows, (index) => virtual.scrollToIndex(index, { align: "auto" }));
  useView(view, visible, keys.active);
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) onMore();
  }, [more, last, rows.length, onMore]);
  const name = useId();
  return (
    <div
      role="grid"
      aria-label="Predictions"
      aria-rowcount={more ? -1 : rows.length + 1}
      aria-colcount={COLUMNS.length}
      aria-busy={stale}
      aria-activedescendant={keys.active === null ? undefined : `${name}-${keys.active}`}
      tabIndex={0}
      className={stale ? styles.stale : styles.grid}
      onKeyDown={keys.onKeyDown}
      onFocus={keys.onFocus}
      onClick={keys.onClick}
    >
      <div role="rowgroup" className={styles.heads}>
        <div role="row" aria-rowindex={1} className={styles.head}>
          {COLUMNS.map((column) => (
            <div key={column} role="columnheader" className={styles[`head${column}`]}>
              {column}
            </div>
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        ref={holder}
        className={styles.rows}
        style={{ height: virtual.getTotalSize() }}
        data-count={rows.length}
      >
        {shown.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <ListRow
              key={row.id}
              id={`${name}-${row.id}`}
              row={row}
              index={index}
              now={isLive(row) ? now : 0}
              active={row.id === keys.active}
              style={{ height, transform: `translateY(${start - margin}px)` }}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The row that the keys are at, by its id: it stays the same one when others come above it. */
function useActive(rows: Row[], scrollTo: (index: number) => void) {
  const navigate = useNavigate();
  const [active, setActive] = useState<string | null>(null);
  const place = active === null ? -1 : rows.findIndex((row) => row.id === active);
  const open = (id: string) => void navigate({ to: "/predictions/$id", params: { id } });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && active !== null) return open(active);
    const to = moved(event.key, place, rows.length);
    const row = to === undefined ? undefined : rows[to];
    if (to === undefined || row === undefined) return;
    event.preventDefault();
    setActive(row.id);
    scrollTo(to);
  };
  const onFocus = () => {
    if (place < 0) setActive(rows[0]?.id ?? null);
  };
  const onClick = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const id = target?.closest<HTMLElement>("[data-row]")?.dataset.row;
    // A link does by itself what is asked of it; words that were just marked are meant to be copied.
    if (id === undefined || target?.closest("a") != null || getSelection()?.type === "Range") return;
    if (event.ctrlKey || event.metaKey) window.open(`/predictions/${id}`, "_blank", "noopener");
    else open(id);
  };
  return { active, onKeyDown, onFocus, onClick };
}

function useView(view: RefObject<View>, rows: Row[], active: string | null) {
  useEffect(() => {
    view.current.rows = rows;
  });
  useEffect(() => {
    const look = () => {
      const first = view.current.rows[0]?.id;
      const within = document.activeElement?.getAttribute("role") === "grid";
      view.current.reading = window.scrollY > TOP_PX || (within && active !== null && active !== first);
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, [view, active]);
}

/** How far an element is from the top of the page, whatever comes and goes above it. */
function useOffsetTop(of: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => {
      const box = of.current?.getBoundingClientRect();
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [of]);
  return top;
}
