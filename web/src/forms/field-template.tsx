// A field: its name, what it is for, the widget, what the server said of it, and a way to leave it out again.

import type { FieldTemplateProps } from "@rjsf/utils";
import { RotateCcw } from "lucide-react";
import { type ReactNode, useContext, useMemo } from "react";
import { Button } from "@/ui/button";
import { LabelContext, type Labelled, MarksContext } from "./context";
import styles from "./field-template.module.css";
import { hint } from "./hint";
import { type Path, pointer, same, type Value } from "./json";
import { defaultOf, LABEL } from "./schema";

/** `ui:bare` is for a field inside of another that has the same place, such as an alternative of a union. */
export function FieldTemplate(props: FieldTemplateProps) {
  const { id, schema, uiSchema, children, hidden } = props;
  const path = props.fieldPathId.path as Path;
  const words = useContext(MarksContext).get(pointer(path)) ?? [];
  if (hidden) return <div hidden>{children}</div>;
  if (path.length === 0 || uiSchema?.["ui:bare"] === true) return children;
  const inList = typeof path.at(-1) === "number";
  const entry = uiSchema?.["ui:entry"] === true;
  return (
    <div className={styles.field} data-path={pointer(path)} data-field={String(path.at(-1))}>
      {inList || entry ? (
        <label htmlFor={id} id={`${id}__label`} className="visually-hidden">
          {inList ? `Item ${Number(path.at(-1)) + 1}` : `Value of ${String(path.at(-1))}`}
        </label>
      ) : (
        <Head {...props} />
      )}
      {!inList && props.rawDescription !== "" && props.rawDescription !== undefined && (
        <p id={`${id}__description`} className={styles.description}>
          {props.rawDescription}
        </p>
      )}
      <Around id={id} described={!inList && Boolean(props.rawDescription)} wrong={words.length > 0}>
        {children}
      </Around>
      {words.length > 0 && (
        <ul id={`${id}__error`} className={styles.errors}>
          {words.map((word) => (
            <li key={word}>{word}</li>
          ))}
        </ul>
      )}
      {schema.deprecated === true && <p className={styles.description}>It is deprecated.</p>}
    </div>
  );
}

function Head(props: FieldTemplateProps) {
  const { id, schema, required, formData, disabled, onChange } = props;
  const path = props.fieldPathId.path as Path;
  const name = String(path.at(-1));
  const label = String(schema[LABEL] ?? name);
  const fallback = defaultOf(schema) ?? undefined;
  const value = formData as Value;
  const resettable =
    !disabled && (fallback === undefined ? !required && value !== undefined : !same(value, fallback));
  return (
    <div className={styles.head}>
      <label htmlFor={id} id={`${id}__label`} className={styles.label}>
        {label}
      </label>
      {plain(label) !== plain(name) && <code className={styles.name}>{name}</code>}
      <span className={styles.hint}>{hint(schema, required === true)}</span>
      {resettable && (
        <Button
          kind="quiet"
          className={styles.clear}
          aria-label={fallback === undefined ? `Leave out ${label}` : `Reset ${label}`}
          onClick={() => onChange(fallback as never, [...path])}
        >
          <RotateCcw size={13} aria-hidden />
          {fallback === undefined ? "Leave out" : "Reset"}
        </Button>
      )}
    </div>
  );
}

function Around({
  id,
  described,
  wrong,
  children,
}: {
  id: string;
  described: boolean;
  wrong: boolean;
  children: ReactNode;
}) {
  const labelled = useMemo<Labelled>(() => {
    const by = [described && `${id}__description`, wrong && `${id}__error`].filter(Boolean).join(" ");
    return {
      "aria-labelledby": `${id}__label`,
      ...(by === "" ? {} : { "aria-describedby": by }),
      ...(wrong ? { "aria-invalid": true } : {}),
    };
  }, [id, described, wrong]);
  return <LabelContext value={labelled}>{children}</LabelContext>;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[\s_-]+/g, "");
}

export function Nothing() {
  return null;
}
