// True or false: a box to tick where a default says which; else neither until one is chosen.

import { type Field, useLabelled } from "./context";
import { defaultOf } from "./schema";
import { Segments } from "./segments";
import styles from "./widgets.module.css";

export function BooleanWidget({ id, schema, value, path, disabled, change }: Field) {
  const labelled = useLabelled();
  if (typeof defaultOf(schema) !== "boolean" && typeof path.at(-1) !== "number") {
    return (
      <Segments
        id={id}
        options={[
          { value: true, label: "true" },
          { value: false, label: "false" },
        ]}
        value={value}
        disabled={disabled}
        change={change}
      />
    );
  }
  return (
    <label className={styles.tick}>
      <input
        id={id}
        type="checkbox"
        checked={value === true}
        disabled={disabled}
        onChange={(event) => change(event.target.checked)}
        {...labelled}
      />
      <span aria-hidden>{value === true ? "true" : "false"}</span>
    </label>
  );
}
