// A value as JSON text, for what has no better field.

import { useEffect, useRef, useState } from "react";
import { type Field, useLabelled } from "./context";
import { same, type Value } from "./json";
import { parsed } from "./json-text";
import styles from "./widgets.module.css";

export function RawWidget({ id, value, disabled, change }: Field) {
  return (
    <JsonText id={id} value={value} disabled={disabled} change={change} labelled={useLabelled()} rows={1} />
  );
}

interface Props {
  id: string;
  value: Value;
  disabled: boolean;
  change: (to: Value) => void;
  labelled: object;
  rows: number;
  /** Whether there has to be an object. */
  object?: boolean;
}

/** An editor of JSON that keeps what is typed, and says what is wrong with it; emptied, it is left out. */
export function JsonText({ id, value, disabled, change, labelled, rows, object = false }: Props) {
  const [text, setText] = useState(() => written(value));
  const [problem, setProblem] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  const sent = useRef(value);
  useEffect(() => {
    // In a list, null stands for what is not there yet.
    if (same(value, sent.current) || (value === null && sent.current === undefined)) return;
    sent.current = value;
    setText(written(value));
    setProblem("");
  }, [value]);
  useEffect(() => area.current?.setCustomValidity(problem), [problem]);
  const typed = (next: string) => {
    setText(next);
    try {
      const read = next.trim() === "" ? undefined : parsed(next);
      if (object && (typeof read !== "object" || read === null || Array.isArray(read))) {
        throw new Error("The input is an object: it begins with { and ends with }.");
      }
      setProblem("");
      sent.current = read;
      change(read);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <textarea
        ref={area}
        id={id}
        className={`${styles.input} ${styles.text} ${styles.code}`}
        rows={rows}
        value={text}
        placeholder={object ? "{}" : 'JSON, such as 1, "text", [1, 2] or null'}
        spellCheck={false}
        autoCapitalize="off"
        disabled={disabled}
        onChange={(event) => typed(event.target.value)}
        {...labelled}
        {...(problem === "" ? {} : { "aria-invalid": true })}
      />
      {problem !== "" && <p className={styles.problem}>{problem}</p>}
    </>
  );
}

function written(value: Value): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}
