// A few choices side by side, one of which holds: radio buttons in the look of one control.

import { useLabelled } from "./context";
import { type Json, same, type Value } from "./json";
import styles from "./segments.module.css";

export interface Option {
  value: Json;
  label: string;
}

interface Props {
  id: string;
  options: Option[];
  value: Value;
  disabled: boolean;
  change: (to: Json) => void;
  /** Names the group where no label does. */
  label?: string;
}

export function Segments({ id, options, value, disabled, change, label }: Props) {
  const { "aria-labelledby": by, ...labelled } = useLabelled();
  return (
    <div
      role="radiogroup"
      className={styles.segments}
      {...(label === undefined ? { "aria-labelledby": by, ...labelled } : { "aria-label": label })}
    >
      {options.map((option, place) => (
        <label key={JSON.stringify(option.value)} className={styles.segment}>
          <input
            type="radio"
            id={place === 0 ? id : undefined}
            name={`${id}__choice`}
            checked={value !== undefined && same(value, option.value)}
            disabled={disabled}
            onChange={() => change(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </div>
  );
}
