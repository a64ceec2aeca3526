// The log beside a prediction, live: time, who wrote it, the line. Searched, wrapped, copied, saved.

import { useVirtualizer } from "@tanstack/react-virtual";
import { Download, WrapText } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { save } from "@/ui/bytes";
import { Copy } from "@/ui/copy";
import { SearchField } from "@/ui/field";
import { Panel } from "@/ui/panel";
import { Ending } from "./ending";
import { type Log, type LogLine, readOn, useLog } from "./log";
import styles from "./logs.module.css";

const ROW = 20;

export function Logs({ id }: { id: string }) {
  const log = useLog(id);
  const [wanted, setWanted] = useState("");
  const [wrapped, setWrapped] = useState(true);
  const lines = useFiltered(log, wanted);
  const text = () => lines.map(written).join("\n");
  const some = log.lines.length > 0;
  return (
    <div className={styles.logs} data-log={some ? "some" : "none"}>
      <Panel
        title="Log"
        actions={
          some && (
            <>
              <Button
                kind="quiet"
                aria-label="Wrap long lines"
                aria-pressed={wrapped}
                className={wrapped ? styles.on : undefined}
                onClick={() => setWrapped(!wrapped)}
              >
                <WrapText size={15} aria-hidden />
              </Button>
              <Copy text={text} what="the log" />
              <Button
                kind="quiet"
                aria-label="Download the log"
                onClick={() => save(`${id}.log`, text(), "text/plain")}
              >
                <Download size={15} aria-hidden />
              </Button>
            </>
          )
        }
      >
        {some && <Search wanted={wanted} found={lines.length} of={log.lines.length} onChange={setWanted} />}
        {lines.length > 0 && <Lines lines={lines} live={!log.over} wrapped={wrapped} />}
        <Note id={id} log={log} />
      </Panel>
    </div>
  );
}

interface SearchProps {
  wanted: string;
  found: number;
  of: number;
  onChange: (wanted: string) => void;
}

function Search({ wanted, found, of, onChange }: SearchProps) {
  return (
    <div className={styles.search}>
      <SearchField
        label="Only log lines with"
        value={wanted}
        placeholder="Only lines with…"
        onChange={(event) => onChange(event.target.value)}
      />
      <span className={styles.quiet} role={wanted === "" ? undefined : "status"}>
        {wanted === "" ? lineCount(of) : `${found.toLocaleString("en")} of ${lineCount(of)}`}
      </span>
    </div>
  );
}

/** What is said under the lines, or in their place. */
function Note({ id, log }: { id: string; log: Log }) {
  if (log.problem !== undefined) {
    return (
      <p className={styles.note}>
        {log.problem.status === 410
          ? "The log was removed with the prediction's contents."
          : log.problem.message}{" "}
        {log.problem.status !== 410 && (
          <Button kind="quiet" onClick={() => readOn(id)}>
            Try again
          </Button>
        )}
      </p>
    );
  }
  if (!log.connected) return <p className={styles.note}>The server does not answer. Trying again…</p>;
  if (log.lines.length > 0) return null;
  return <p className={styles.quiet}>{log.over ? "It wrote nothing." : "Nothing written yet."}</p>;
}

interface LinesProps {
  lines: readonly LogLine[];
  live: boolean;
  wrapped: boolean;
}

/** The lines that are seen, of however many. */
export function Lines({ lines, live, wrapped }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  const height = virtual.getTotalSize();
  return (
    <Ending box={box} label="Log lines" size={height} first live={live} className={styles.box}>
      <div style={{ height }} className={wrapped ? styles.wrapped : styles.all}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          return (
            <div
              key={index}
              ref={wrapped ? virtual.measureElement : undefined}
              data-index={index}
              className={styles.line}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Line line={line} />
            </div>
          );
        })}
      </div>
    </Ending>
  );
}

function Line({ line }: { line: LogLine }) {
  const badge = line.phase === "setup" ? "setup" : line.stream === "stdout" ? null : line.stream;
  return (
    <>
      <time className={styles.time} dateTime={line.time} title={line.time}>
        {clock(line.time)}
      </time>
      <span className={styles.text} data-stream={line.stream}>
        {badge !== null && <span className={styles.badge}>{badge}</span>}
        {line.attempt > 1 && <span className={styles.badge}>run {line.attempt}</span>}
        {line.text}
      </span>
    </>
  );
}

function useFiltered(log: Log, wanted: string): readonly LogLine[] {
  const { lines } = log;
  const size = lines.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list grows in place
  return useMemo(() => {
    if (wanted === "") return lines;
    const low = wanted.toLowerCase();
    return lines.filter((line) => line.text.toLowerCase().includes(low));
  }, [lines, size, wanted]);
}

function lineCount(count: number): string {
  return count === 1 ? "1 line" : `${count.toLocaleString("en")} lines`;
}

function written(line: LogLine): string {
  return `${line.time} ${line.phase} ${line.stream} ${line.text}`;
}

const CLOCK = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 1,
  hourCycle: "h23",
});

function clock(time: string): string {
  return CLOCK.format(new Date(time));
}
