// A number: its digits, and a slider where it has both bounds. An empty field means that it is left out.

import { useEffect, useRef, useState } from "react";
import { type Field, useLabelled } from "./context";
import { holds, tooBig } from "./json-text";
import { defaultOf, numberOf, type Schema } from "./schema";
import styles from "./widgets.module.css";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const MOST_STEPS = 10_000;

export function NumberWidget({ id, schema, value, disabled, change }: Field) {
  const [text, setText] = useState(() => shown(value));
  const [problem, setProblem] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  useEffect(() => {
    // The value has been changed elsewhere: by a reset, the slider, or as JSON.
    // In a list, null stands for what is not there yet.
    if (value === sent.current || (value === null && sent.current === undefined)) return;
    sent.current = value;
    setText(shown(value));
    setProblem("");
  }, [value]);
  useEffect(() => input.current?.setCustomValidity(problem), [problem]);
  const typed = (next: string) => {
    setText(next);
    const reading = read(next.trim(), schema);
    setProblem(reading.problem);
    sent.current = reading.value;
    change(reading.value);
  };
  const span = sliderOf(schema);
  const labelled = useLabelled();
  return (
    <>
      <div className={styles.number}>
        {span !== null && (
          <input
            type="range"
            className={styles.slider}
            min={span.low}
            max={span.high}
            step={span.step}
            value={typeof value === "number" ? value : span.low}
            disabled={disabled}
            onChange={(event) => typed(event.target.value)}
            {...labelled}
            aria-valuetext={typeof value === "number" ? undefined : "left out"}
          />
        )}
        <input
          ref={input}
          id={id}
          className={styles.input}
          inputMode={schema.type === "integer" ? "numeric" : "decimal"}
          autoComplete="off"
          value={text}
          placeholder={placeholder(schema)}
          disabled={disabled}
          onChange={(event) => typed(event.target.value)}
          onKeyDown={(event) => {
            const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
            if (step === undefined || event.ctrlKey || event.metaKey || typeof value !== "number") return;
            event.preventDefault();
            typed(stepped(value, step * (span?.step ?? 1), schema));
          }}
          {...labelled}
          {...(problem === "" ? {} : { "aria-invalid": true })}
        />
      </div>
      {problem !== "" && <p className={styles.problem}>{problem}</p>}
    </>
  );
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : "";
}

/** The number that a text says; none for an empty one, and none with a sentence for what is no number. */
function read(text: string, schema: Schema): { value: number | undefined; problem: string } {
  if (text === "") return { value: undefined, problem: "" };
  if (!NUMBER.test(text))
    return { value: undefined, problem: "This is not a number. Clear it to leave it out." };
  const digits = text.replace(/^\+/, "").replace(/\.$/, "");
  if (!holds(digits)) return { value: undefined, problem: tooBig(text) };
  const value = Number(digits);
  if (schema.type === "integer" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return { value: undefined, problem: tooBig(text) };
  }
  return { value, problem: "" };
}

function placeholder(schema: Schema): string {
  const fallback = defaultOf(schema);
  return typeof fallback === "number" ? `Left out: ${fallback}` : "";
}

interface Span {
  low: number;
  high: number;
  step: number;
}

/** A slider is of use where its steps can be told apart. */
function sliderOf(schema: Schema): Span | null {
  const low = numberOf(schema, "minimum");
  const high = numberOf(schema, "maximum");
  if (low === undefined || high === undefined || low >= high) return null;
  const whole = schema.type === "integer";
  const step =
    numberOf(schema, "multipleOf") ?? (whole ? 1 : 10 ** Math.floor(Math.log10((high - low) / 99)));
  return (high - low) / step > MOST_STEPS ? null : { low, high, step };
}

function stepped(value: number, by: number, schema: Schema): string {
  const low = numberOf(schema, "minimum") ?? Number.NEGATIVE_INFINITY;
  const high = numberOf(schema, "maximum") ?? Number.POSITIVE_INFINITY;
  const next = Math.min(high, Math.max(low, value + by));
  return String(Number(next.toPrecision(12)));
}
