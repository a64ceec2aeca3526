// One chart: what its colours mean, with the figures of the minute that is pointed at, and all of them as a table.

import { lazy, Suspense, useCallback, useState } from "react";
import { fetched } from "@/app/fetched";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { Table } from "@/ui/table";
import styles from "./chart.module.css";
import type { Figure, Series } from "./figures";

const Plot = lazy(fetched(() => import("./plot")));
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function Chart({ figure, times }: { figure: Figure; times: number[] }) {
  const [place, setPlace] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const onPoint = useCallback((at: number | null) => setPlace(at), []);
  const time = place === null ? undefined : times[place];
  return (
    <Panel
      title={figure.title}
      actions={
        <Button
          kind="quiet"
          aria-pressed={asTable}
          aria-label={`${figure.title} as a table`}
          onClick={() => setAsTable(!asTable)}
        >
          Table
        </Button>
      }
    >
      <div className={styles.legend}>
        {figure.series.map((one) => (
          <Key
            key={one.name}
            one={one}
            value={place === null ? undefined : one.values[place]}
            figure={figure}
          />
        ))}
        {time !== undefined && <span className={styles.time}>{CLOCK.format(time * 1000)}</span>}
      </div>
      {asTable ? (
        <Figures figure={figure} times={times} />
      ) : (
        <Suspense fallback={<div className={styles.plot} />}>
          <Plot figure={figure} times={times} onPoint={onPoint} />
        </Suspense>
      )}
    </Panel>
  );
}

function Key({ one, value, figure }: { one: Series; value: number | null | undefined; figure: Figure }) {
  return (
    <span className={styles.key}>
      <span
        className={one.dashed === true ? styles.dashed : styles.swatch}
        style={{ color: `var(${one.colour})` }}
        aria-hidden
      />
      {one.name}
      {value != null && <strong>{figure.format(value)}</strong>}
    </span>
  );
}

/** The newest minute first. */
function Figures({ figure, times }: { figure: Figure; times: number[] }) {
  const places = times.map((_, place) => place).reverse();
  const columns = [
    { head: "Minute", cell: (place: number) => CLOCK.format((times[place] ?? 0) * 1000) },
    ...figure.series.map((one) => ({
      head: one.name,
      number: true,
      cell: (place: number) => {
        const value = one.values[place];
        return value == null ? "–" : figure.format(value);
      },
    })),
  ];
  return (
    <section className={styles.figures} aria-label={`${figure.title}, minute by minute`} tabIndex={0}>
      <Table label={figure.title} columns={columns} rows={places} keyOf={String} />
    </section>
  );
}
