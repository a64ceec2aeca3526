// One of certain values: side by side where they are few and short, else a list.

import { type Field, useLabelled } from "./context";
import { type Json, same } from "./json";
import { Segments } from "./segments";
import styles from "./widgets.module.css";

const FEW = 4;
const SHORT = 40;

export function ChoiceWidget(field: Field) {
  const values = valuesOf(field);
  const labels = values.map(labelOf);
  const only = values[0];
  if (values.length === 1 && only !== undefined && same(field.value, only)) return <Only {...field} />;
  if (values.length <= FEW && labels.join("").length <= SHORT) {
    const options = values.map((value) => ({ value, label: labelOf(value) }));
    return <Segments {...field} options={options} />;
  }
  return <Listed {...field} values={values} />;
}

function Only({ id, value }: Field) {
  return (
    <output id={id} className={styles.fixed} {...useLabelled()}>
      {labelOf(value ?? null)}
    </output>
  );
}

function Listed({ id, value, values, disabled, change }: Field & { values: Json[] }) {
  const at = values.findIndex((one) => value !== undefined && same(one, value));
  return (
    <select
      id={id}
      className={styles.input}
      value={at}
      disabled={disabled}
      onChange={(event) => change(values[Number(event.target.value)])}
      {...useLabelled()}
    >
      {at === -1 && <option value={-1}>Choose…</option>}
      {values.map((one, place) => (
        <option key={JSON.stringify(one)} value={place}>
          {labelOf(one)}
        </option>
      ))}
    </select>
  );
}

function valuesOf({ schema }: Field): Json[] {
  return schema.const === undefined ? (schema.enum as Json[]) : [schema.const as Json];
}

export function labelOf(value: Json): string {
  if (value === "") return "(empty)";
  return typeof value === "string" ? value : JSON.stringify(value);
}
