// A list: its items in rows that can be added, moved and removed; a tuple; or a set of certain values, to be ticked.

import type { FieldProps } from "@rjsf/utils";
import { toFieldPathId } from "@rjsf/utils";
import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/ui/button";
import { labelOf } from "./choice";
import { type Field, fieldOf, useLabelled } from "./context";
import { useFocusOnNew } from "./focus";
import styles from "./groups.module.css";
import { blank } from "./initial";
import { Inner } from "./inner";
import { type Json, same } from "./json";
import { numberOf, resolved, type Schema } from "./schema";
import widgets from "./widgets.module.css";

/** rjsf's ArrayField. */
export function ListField(props: FieldProps) {
  const field = fieldOf(props);
  const items = resolved((field.schema.items ?? {}) as Schema, field.root);
  if (field.schema.prefixItems !== undefined) return <Tuple {...props} />;
  if (field.schema.uniqueItems === true && Array.isArray(items?.enum)) {
    return <Ticks {...field} choices={items.enum as Json[]} />;
  }
  return <List {...props} />;
}

function List(props: FieldProps) {
  const { schema, value, root, disabled, change } = fieldOf(props);
  const { "aria-invalid": _, ...labelled } = useLabelled();
  const items = Array.isArray(value) ? value : [];
  const keys = useKeys(items.length);
  const focus = useFocusOnNew<HTMLOListElement>();
  const item = (schema.items ?? {}) as Schema;
  const full = items.length >= (numberOf(schema, "maxItems") ?? Number.POSITIVE_INFINITY);
  const move = (from: number, to: number) => {
    keys.move(from, to);
    change(moved(items, from, to));
  };
  const remove = (place: number) => {
    keys.remove(place);
    change(items.filter((_, other) => other !== place));
  };
  return (
    <div role="group" className={styles.rows} {...labelled}>
      {items.length > 0 && (
        <ol ref={focus.ref} className={styles.items}>
          {items.map((one, place) => (
            <li key={keys.at(place)} className={styles.item}>
              <span className={styles.place} aria-hidden>
                {place + 1}
              </span>
              <Item {...props} place={place} schema={item} formData={one} />
              <div className={styles.moves}>
                <Move
                  label={`Move item ${place + 1} up`}
                  off={disabled || place === 0}
                  go={() => move(place, place - 1)}
                >
                  <ArrowUp size={14} aria-hidden />
                </Move>
                <Move
                  label={`Move item ${place + 1} down`}
                  off={disabled || place === items.length - 1}
                  go={() => move(place, place + 1)}
                >
                  <ArrowDown size={14} aria-hidden />
                </Move>
                <Move label={`Remove item ${place + 1}`} off={disabled} go={() => remove(place)}>
                  <X size={14} aria-hidden />
                </Move>
              </div>
            </li>
          ))}
        </ol>
      )}
      <Button
        className={styles.begin}
        disabled={disabled || full}
        onClick={() => {
          focus.grow();
          change([...items, blank(item, root)]);
        }}
      >
        <Plus size={14} aria-hidden />
        Add an item
      </Button>
    </div>
  );
}

function Move({
  label,
  off,
  go,
  children,
}: {
  label: string;
  off: boolean;
  go: () => void;
  children: React.ReactNode;
}) {
  return (
    <Button kind="quiet" className={styles.move} aria-label={label} disabled={off} onClick={go}>
      {children}
    </Button>
  );
}

/** Each place has a type of its own. What is not filled in yet is null as soon as another one is. */
function Tuple(props: FieldProps) {
  const { schema, value, root, change } = fieldOf(props);
  const { "aria-invalid": _, ...labelled } = useLabelled();
  const places = schema.prefixItems as Schema[];
  const items = Array.isArray(value) ? value : [];
  const all = () => places.map((place, at) => items[at] ?? blank(place, root));
  return (
    <div role="group" className={styles.tuple} {...labelled}>
      {places.map((place, at) => (
        <Item
          // biome-ignore lint/suspicious/noArrayIndexKey: a tuple's places are its identities
          key={at}
          {...props}
          place={at}
          schema={place}
          formData={items[at]}
          onChange={(to, path) => {
            if (items.length >= places.length) return props.onChange(to, path);
            const filled = all();
            const depth = props.fieldPathId.path.length;
            if (path.length === depth + 1) filled[at] = (to as Json | undefined) ?? null;
            change(filled);
            if (path.length > depth + 1) props.onChange(to, path);
          }}
        />
      ))}
    </div>
  );
}

function Item({ place, ...props }: FieldProps & { place: number }) {
  return (
    <Inner
      name={`${props.name} ${place + 1}`}
      schema={props.schema}
      required
      formData={props.formData}
      fieldPathId={toFieldPathId(place, props.registry.globalFormOptions, props.fieldPathId)}
      registry={props.registry}
      onChange={props.onChange}
      onBlur={props.onBlur}
      onFocus={props.onFocus}
      disabled={props.disabled}
    />
  );
}

/** Some of certain values, in the order in which they are offered. */
function Ticks({ id, value, disabled, choices, change }: Field & { choices: Json[] }) {
  const { "aria-invalid": _, ...labelled } = useLabelled();
  const chosen = Array.isArray(value) ? value : [];
  const has = (choice: Json) => chosen.some((one) => same(one, choice));
  return (
    <div role="group" className={styles.ticks} {...labelled}>
      {choices.map((choice, place) => (
        <label key={JSON.stringify(choice)} className={widgets.tick}>
          <input
            id={place === 0 ? id : undefined}
            type="checkbox"
            checked={has(choice)}
            disabled={disabled}
            onChange={(event) =>
              change(choices.filter((one) => (same(one, choice) ? event.target.checked : has(one))))
            }
          />
          <span>{labelOf(choice)}</span>
        </label>
      ))}
    </div>
  );
}

let keys = 0;

/** Keys of rows that go along when an item is moved. */
function useKeys(length: number) {
  const known = useRef<number[]>([]);
  while (known.current.length < length) known.current.push(++keys);
  known.current.length = length;
  return {
    at: (place: number) => known.current[place],
    move: (from: number, to: number) => {
      known.current = moved(known.current, from, to);
    },
    remove: (place: number) => {
      known.current = known.current.filter((_, other) => other !== place);
    },
  };
}

function moved<Item>(items: Item[], from: number, to: number): Item[] {
  const rest = items.filter((_, place) => place !== from);
  return [...rest.slice(0, to), ...items.slice(from, from + 1), ...rest.slice(to)];
}
