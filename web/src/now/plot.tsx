// The drawing of a chart, by uPlot; loaded when the first chart is shown. Its colours follow the theme.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useMedia } from "@/ui/media";
import styles from "./chart.module.css";
import type { Figure } from "./figures";

interface Props {
  figure: Figure;
  times: number[];
  /** Told which minute is pointed at; null for none. */
  onPoint: (place: number | null) => void;
}

const HEIGHT = 168;

export default function Plot({ figure, times, onPoint }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = useMedia("(prefers-color-scheme: dark)");
  const data = dataOf(figure, times);
  const latest = useRef({ figure, data });
  latest.current = { figure, data };
  const shape = figure.series.map(({ name }) => name).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew only where the lines or the colours are others.
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(latest.current.figure, element, onPoint), latest.current.data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, dark, onPoint]);
  useEffect(() => plot.current?.setData(data));
  return (
    <div ref={holder} className={styles.plot} role="img" aria-label={`${figure.title}. ${figure.summary}`} />
  );
}

/** Bars are stacked: each is drawn from the ground up to the sum of those below it, the tallest first. */
function dataOf(figure: Figure, times: number[]): uPlot.AlignedData {
  if (figure.kind === "lines") return [times, ...figure.series.map(({ values }) => values)];
  const below = times.map(() => 0);
  const sums = figure.series.map(({ values }) =>
    values.map((value, place) => {
      below[place] = (below[place] ?? 0) + (value ?? 0);
      return below[place];
    }),
  );
  return [times, ...sums.reverse()];
}

function optionsOf(figure: Figure, element: HTMLElement, onPoint: Props["onPoint"]): uPlot.Options {
  const colour = coloursOf(element);
  const quiet = colour("--text-2");
  const grid = { stroke: colour("--surface-3"), width: 1 };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const counts = figure.format === String;
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: wide }, y: { range: (_, __, top) => [0, top > 0 ? top * 1.08 : 1] } },
    axes: [
      { stroke: quiet, font, grid: { show: false }, ticks: { show: false }, size: 26, values: clocks },
      {
        stroke: quiet,
        font,
        grid,
        ticks: { show: false },
        size: 58,
        gap: 6,
        values: (_, splits) => splits.map((split) => mark(figure.format(split), split)),
        ...(counts && { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000, 100_000] }),
      },
    ],
    series: [{}, ...linesOf(figure, colour)],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

function linesOf(figure: Figure, colour: (token: string) => string): uPlot.Series[] {
  const series = figure.kind === "bars" ? figure.series.toReversed() : figure.series;
  const bars = uPlot.paths.bars?.({ size: [0.7, 24] });
  return series.map((one) =>
    figure.kind === "bars"
      ? { fill: colour(one.colour), width: 0, points: { show: false }, ...(bars && { paths: bars }) }
      : {
          stroke: colour(one.colour),
          width: 1.75,
          spanGaps: false,
          // A minute alone between two without anything is no line.
          points: { show: one.values.includes(null), size: 4, width: 0, fill: colour(one.colour) },
          ...(one.dashed === true && { dash: [5, 4] }),
        },
  );
}

/** Half a minute more on both sides, so that the first bar and the last are whole. */
function wide(_: uPlot, from: number, to: number): [number, number] {
  return [from - 30, to + 30];
}

/** As short as it can be said beside an axis. */
function mark(words: string, value: number): string {
  return value === 0 ? "0" : words.replace(/\.0+(?= )/, "");
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function clocks(_: uPlot, splits: number[]): string[] {
  return splits.map((split) => CLOCK.format(split * 1000));
}

/** What the tokens are in this theme: a canvas knows nothing of variables. */
function coloursOf(element: HTMLElement): (token: string) => string {
  return (token) => {
    element.style.color = `var(${token})`;
    const found = getComputedStyle(element).color;
    element.style.color = "";
    return found;
  };
}
