// One of several types: a switch, and the field of the one that is chosen. A null among them is a choice of its own.

import type { FieldProps } from "@rjsf/utils";
import { useState } from "react";
import { Button } from "@/ui/button";
import { type Field, fieldOf } from "./context";
import styles from "./groups.module.css";
import { blank } from "./initial";
import { Inner } from "./inner";
import type { Json } from "./json";
import { fitting, possible } from "./options";
import { defaultOf, nameOf, resolved, type Schema } from "./schema";
import { Segments } from "./segments";

const FEW = 4;

/** rjsf's AnyOfField and OneOfField. */
export function UnionField(props: FieldProps) {
  const { registry, onChange } = props;
  const field = fieldOf(props);
  const options = (field.schema.anyOf ?? field.schema.oneOf ?? []) as Schema[];
  const [chosen, setChosen] = useState<number | null>(null);
  const place = current(field, options, chosen);
  const option = options[place];
  const choose = (to: number) => {
    setChosen(to);
    const next = options[to];
    if (next !== undefined) field.change(begun(next, field));
  };
  return (
    <div className={styles.switch}>
      <Switch field={field} options={options} place={place} choose={choose} />
      {option !== undefined && !isNull(option) && (
        <Inner
          key={place}
          name={field.name}
          schema={option}
          uiSchema={{ "ui:bare": true }}
          required={field.required}
          formData={field.value}
          fieldPathId={props.fieldPathId}
          registry={registry}
          onChange={onChange}
          onBlur={props.onBlur}
          onFocus={props.onFocus}
          disabled={field.disabled}
        />
      )}
    </div>
  );
}

interface SwitchProps {
  field: Field;
  options: Schema[];
  place: number;
  choose: (to: number) => void;
}

function Switch({ field, options, place, choose }: SwitchProps) {
  const names = namesOf(options, field.root);
  const nulls = options.filter(isNull).length;
  if (options.length - nulls === 1) return <NullSwitch field={field} options={options} choose={choose} />;
  if (options.length <= FEW && names.join("").length <= 40) {
    return (
      <Segments
        id={`${field.id}__type`}
        label={`Type of ${field.name}`}
        options={names.map((label, value) => ({ value, label }))}
        value={place}
        disabled={field.disabled}
        change={(to) => choose(Number(to))}
      />
    );
  }
  return (
    <div className={styles.types}>
      <select
        aria-label={`Type of ${field.name}`}
        className={styles.select}
        value={place}
        disabled={field.disabled}
        onChange={(event) => choose(Number(event.target.value))}
      >
        {names.map((name, value) => (
          <option key={name} value={value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A value or null: null is shown where it is chosen, and offered where it is not the same as leaving it out. */
function NullSwitch({ field, options, choose }: Omit<SwitchProps, "place">) {
  const none = options.findIndex(isNull);
  const other = options.findIndex((option) => !isNull(option));
  const on = field.value === null;
  if (none === -1 || (defaultOf(field.schema) === null && !on)) return null;
  return (
    <div className={styles.types}>
      <Button
        kind="quiet"
        aria-pressed={on}
        aria-label={on ? `Give a value for ${field.name}` : `Use null for ${field.name}`}
        disabled={field.disabled}
        onClick={() => (on ? field.change(begun(options[other] ?? {}, field)) : choose(none))}
      >
        {on ? "It is null. Give a value" : "Use null"}
      </Button>
    </div>
  );
}

function current({ value, path, root }: Field, options: Schema[], chosen: number | null): number {
  const kept = chosen === null ? undefined : options[chosen];
  // In a list, null also stands for what is not there yet: of a type that was chosen, or that takes no null.
  const awaited =
    kept === undefined ? !options.some(isNull) : !isNull(kept) && typeof path.at(-1) === "number";
  const given = value === null && awaited ? undefined : value;
  if (chosen !== null && kept !== undefined && possible(kept, given, root)) return chosen;
  return fitting(options, given, root);
}

function isNull(option: Schema): boolean {
  return option.type === "null";
}

/** What a type begins with when it is chosen: empty where its field can be, so that nothing is said by accident. */
function begun(option: Schema, { root, path }: Field): Json | undefined {
  const schema = resolved(option, root) ?? option;
  const inList = typeof path.at(-1) === "number";
  const group = schema.type === "object" || schema.type === "array" || schema.type === "null";
  return group || inList ? blank(option, root) : undefined;
}

/** Names of the alternatives, with a number where two have the same. */
function namesOf(options: Schema[], root: Schema): string[] {
  const names = options.map((option) => nameOf(resolved(option, root) ?? option));
  return names.map((name, place) => {
    const before = names.slice(0, place).filter((other) => other === name).length;
    return before === 0 ? name : `${name} ${before + 1}`;
  });
}
