// The entries of a dict, a row each: the key, and the value as its own field.

import type { FieldProps } from "@rjsf/utils";
import { toFieldPathId } from "@rjsf/utils";
import { Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { fieldOf } from "./context";
import { useFocusOnNew } from "./focus";
import styles from "./groups.module.css";
import { blank } from "./initial";
import { Inner } from "./inner";
import { isObject, type JsonObject, set } from "./json";
import type { Schema } from "./schema";
import widgets from "./widgets.module.css";

interface Props extends FieldProps {
  values: Schema;
  /** Names that are fields of their own. */
  except: string[];
  /** Whether these are entries beside named ones. */
  more?: boolean;
}

interface Row {
  /** Stays the same while the key is typed. */
  row: number;
  key: string;
}

let rows = 0;

export function MapRows(props: Props) {
  const { values, except, more } = props;
  const { value, root, change, disabled } = fieldOf(props);
  const entries = isObject(value) ? value : {};
  const shown = useRows(Object.keys(entries).filter((key) => !except.includes(key)));
  const focus = useFocusOnNew<HTMLDivElement>();
  const rename = (row: Row, to: string) => {
    shown.rename(row, to);
    change(renamed(entries, row.key, to));
  };
  const add = () => {
    const key = free(entries);
    focus.grow();
    shown.add(key);
    change(withEntry(entries, key, blank(values, root)));
  };
  return (
    <div className={styles.rows}>
      <div ref={focus.ref} className={styles.entries}>
        {shown.rows.map((row) => (
          <Entry
            {...props}
            key={row.row}
            row={row}
            taken={Object.keys(entries)}
            rename={(to) => rename(row, to)}
            remove={() => change(without(entries, row.key))}
          />
        ))}
      </div>
      <Button className={styles.begin} disabled={disabled} onClick={add}>
        <Plus size={14} aria-hidden />
        {more === true ? "Add another input" : "Add an entry"}
      </Button>
    </div>
  );
}

function Entry(
  props: Props & { row: Row; taken: string[]; rename: (to: string) => void; remove: () => void },
) {
  const { row, taken, rename, remove, values, fieldPathId, registry, formData, onChange, disabled } = props;
  const [text, setText] = useState(row.key);
  const input = useRef<HTMLInputElement>(null);
  const twice = text !== row.key && taken.includes(text);
  const problem = twice ? "There is an entry of this name already." : "";
  useEffect(() => input.current?.setCustomValidity(problem), [problem]);
  const inner = toFieldPathId(row.key, registry.globalFormOptions, fieldPathId);
  return (
    <div className={styles.entry}>
      <div className={styles.key}>
        <input
          ref={input}
          className={`${widgets.input} ${widgets.code}`}
          aria-label="Key"
          placeholder="Key"
          autoComplete="off"
          spellCheck={false}
          value={text}
          disabled={disabled}
          aria-invalid={twice || undefined}
          onChange={(event) => {
            setText(event.target.value);
            if (!taken.includes(event.target.value)) rename(event.target.value);
          }}
        />
        {twice && <p className={widgets.problem}>{problem}</p>}
      </div>
      <Inner
        name={row.key}
        schema={values}
        uiSchema={{ "ui:entry": true }}
        required
        formData={(formData as JsonObject | undefined)?.[row.key]}
        fieldPathId={inner}
        registry={registry}
        onChange={onChange}
        onBlur={props.onBlur}
        onFocus={props.onFocus}
        disabled={disabled}
      />
      <Button
        kind="quiet"
        aria-label={`Remove ${row.key || "the entry"}`}
        disabled={disabled}
        onClick={remove}
      >
        <X size={15} aria-hidden />
      </Button>
    </div>
  );
}

/** The keys with rows that stay themselves while a key is typed. */
function useRows(keys: string[]) {
  const known = useRef<Row[]>([]);
  known.current = [
    ...known.current.filter((row) => keys.includes(row.key)),
    ...keys
      .filter((key) => !known.current.some((row) => row.key === key))
      .map((key) => ({ row: ++rows, key })),
  ];
  return {
    rows: known.current,
    rename: (row: Row, to: string) => {
      known.current = known.current.map((one) => (one.row === row.row ? { ...one, key: to } : one));
    },
    add: (key: string) => {
      known.current = [...known.current, { row: ++rows, key }];
    },
  };
}

function renamed(entries: JsonObject, from: string, to: string): JsonObject {
  const made: JsonObject = {};
  for (const [key, value] of Object.entries(entries)) set(made, key === from ? to : key, value);
  return made;
}

function withEntry(entries: JsonObject, key: string, value: JsonObject[string]): JsonObject {
  const made = { ...entries };
  set(made, key, value);
  return made;
}

function without(entries: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => name !== key));
}

/** A key that is not taken: the empty one, which asks to be filled in, as a rule. */
function free(entries: JsonObject): string {
  let key = "";
  for (let number = 1; Object.hasOwn(entries, key); number += 1) key = `key ${number}`;
  return key;
}
