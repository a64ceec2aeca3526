// A labelled field of a form of ours (those made from a schema are in forms/): text, choices.

import { type ComponentProps, type ReactNode, useId } from "react";
import styles from "./field.module.css";

interface Common {
  label: string;
  /** What it is for, under the label. */
  note?: ReactNode;
  /** What is wrong with it. */
  error?: string | undefined;
}

export function TextField({ label, note, error, ...rest }: Common & ComponentProps<"input">) {
  const id = useId();
  return (
    <Frame id={id} label={label} note={note} error={error}>
      <input {...rest} id={id} className={styles.input} {...described(id, note, error)} />
    </Frame>
  );
}

export function TextArea({ label, note, error, ...rest }: Common & ComponentProps<"textarea">) {
  const id = useId();
  return (
    <Frame id={id} label={label} note={note} error={error}>
      <textarea rows={4} {...rest} id={id} className={styles.input} {...described(id, note, error)} />
    </Frame>
  );
}

export function Select({ label, note, error, children, ...rest }: Common & ComponentProps<"select">) {
  const id = useId();
  return (
    <Frame id={id} label={label} note={note} error={error}>
      <select {...rest} id={id} className={styles.input} {...described(id, note, error)}>
        {children}
      </select>
    </Frame>
  );
}

/** A small field above what it searches; `label` is said, not shown. */
export function SearchField({ label, className, ...rest }: { label: string } & ComponentProps<"input">) {
  const names = [styles.search, className].filter(Boolean).join(" ");
  return <input {...rest} type="search" aria-label={label} className={names} />;
}

export function Checkbox({ label, note, ...rest }: Omit<Common, "error"> & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input
        {...rest}
        id={id}
        type="checkbox"
        aria-describedby={note === undefined ? undefined : `${id}-note`}
      />
      <label htmlFor={id}>{label}</label>
      {note !== undefined && (
        <p id={`${id}-note`} className={styles.note}>
          {note}
        </p>
      )}
    </div>
  );
}

function Frame({ id, label, note, error, children }: Common & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {note !== undefined && (
        <p id={`${id}-note`} className={styles.note}>
          {note}
        </p>
      )}
      {children}
      {error !== undefined && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}

function described(id: string, note: ReactNode, error: string | undefined) {
  const ids = [note !== undefined && `${id}-note`, error !== undefined && `${id}-error`].filter(Boolean);
  return {
    "aria-describedby": ids.length === 0 ? undefined : ids.join(" "),
    "aria-invalid": error === undefined ? undefined : true,
  };
}
