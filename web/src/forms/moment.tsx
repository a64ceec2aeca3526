// A date, a time, or both: chosen in the reader's own time zone, sent with it.

import { type Field, useLabelled } from "./context";
import { fromLocal, toLocal } from "./moments";
import { LineWidget } from "./text";
import styles from "./widgets.module.css";

const TYPES: Record<string, string | undefined> = {
  "date-time": "datetime-local",
  date: "date",
  time: "time",
};

export function MomentWidget(field: Field) {
  const { id, schema, value, disabled, change } = field;
  const labelled = useLabelled();
  const format = String(schema.format);
  const local = typeof value === "string" ? toLocal(format, value) : "";
  // Another way to write a moment, as a default may have it: it stays as it is until it is changed.
  if (local === null) return <LineWidget {...field} />;
  return (
    <input
      id={id}
      type={TYPES[format]}
      step={format === "date" ? undefined : 1}
      className={`${styles.input} ${styles.moment}`}
      value={local}
      disabled={disabled}
      onChange={(event) =>
        change(event.target.value === "" ? undefined : fromLocal(format, event.target.value))
      }
      {...labelled}
    />
  );
}
