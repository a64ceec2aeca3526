// Text: a field that grows with what is written, and a single line for texts that have a form, such as addresses.

import { type Field, useLabelled } from "./context";
import { defaultOf, type Schema } from "./schema";
import styles from "./widgets.module.css";

export function TextWidget({ id, schema, value, disabled, change }: Field) {
  return (
    <textarea
      id={id}
      className={`${styles.input} ${styles.text}`}
      rows={1}
      value={typeof value === "string" ? value : ""}
      placeholder={placeholder(value, schema)}
      disabled={disabled}
      onChange={(event) => change(event.target.value)}
      {...useLabelled()}
    />
  );
}

/** Emptied, it is left out: no text of such a form is empty. */
export function LineWidget({ id, schema, value, disabled, change }: Field) {
  return (
    <input
      id={id}
      className={`${styles.input} ${styles.code}`}
      value={typeof value === "string" || typeof value === "number" ? String(value) : ""}
      placeholder={EXAMPLES[String(schema.format)] ?? ""}
      inputMode={schema.format === "uri" ? "url" : undefined}
      autoComplete="off"
      spellCheck={false}
      disabled={disabled}
      onChange={(event) => change(event.target.value === "" ? undefined : event.target.value)}
      {...useLabelled()}
    />
  );
}

const EXAMPLES: Record<string, string | undefined> = {
  duration: "Such as PT1H30M",
  uuid: "Such as 0199e0b8-7d5a-7c31-9c55-6d5f0d6a2b11",
  uri: "https://",
};

function placeholder(value: unknown, schema: Schema): string {
  if (value === "") return "Empty text";
  const fallback = defaultOf(schema);
  return typeof fallback === "string" && fallback !== "" ? `Left out: ${fallback.slice(0, 80)}` : "";
}
