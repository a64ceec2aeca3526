// The form of a version's input, made from its JSON Schema; the same input as JSON, both ways.
//
// rjsf's SchemaField walks the schema, our fields show it. Its Form is not used: it fills in defaults and validates,
// and here what is left out stays left out, and the server alone judges (D14).

import { type FieldPathId, toFieldPathId } from "@rjsf/utils";
import { useCallback, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Place } from "@/api/problem";
import { useSay } from "@/ui/notices";
import { MarksContext } from "./context";
import { Faulty } from "./faulty";
import { Inner } from "./inner";
import styles from "./input-form.module.css";
import { changed, inOrder, isObject, type JsonObject, type Path, type Value } from "./json";
import { type Marks, marksOf, NO_MARKS } from "./places";
import { prepared } from "./prepare";
import { JsonText } from "./raw";
import type { Schema } from "./schema";
import { registryOf } from "./theme";
import type { View } from "./views";
import { WaitingContext } from "./waiting";

export interface InputFormProps {
  /** The version's input schema, as the API says it. */
  schema: JsonObject;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  /** Of a 422: what the server said of the input, with `loc` ["body", "input", …]. */
  places?: readonly Place[];
  disabled?: boolean;
  onSubmit: () => void;
  /** Of the form element, so that a button elsewhere can submit it. */
  id: string;
  /** How the input is shown; views.tsx has the choice. */
  view?: View;
}

export function InputForm({
  schema,
  value,
  onChange,
  places = NONE,
  disabled = false,
  onSubmit,
  id,
  view = "form",
}: InputFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const say = useSay();
  const marks = useMarks(form, places, view);
  const waits = useRef(0);
  const tell = useCallback((by: 1 | -1) => {
    waits.current += by;
    form.current?.toggleAttribute("data-waiting", waits.current > 0);
  }, []);
  return (
    <form
      ref={form}
      id={id}
      className={styles.form}
      aria-label="Input"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (waits.current === 0) onSubmit();
        else say("A file is still being uploaded. Run it when that is done.");
      }}
      onKeyDown={(event) => {
        if (
          event.key === "Enter" &&
          !event.ctrlKey &&
          !event.metaKey &&
          event.target instanceof HTMLInputElement
        ) {
          event.preventDefault();
        }
      }}
    >
      <Head words={marks.get("") ?? []} />
      <MarksContext value={marks}>
        <WaitingContext value={tell}>
          {view === "json" ? (
            <AsJson value={value} disabled={disabled} onChange={onChange} />
          ) : (
            <Faulty instead={<AsJson value={value} disabled={disabled} onChange={onChange} />}>
              <Fields schema={schema} value={value} onChange={onChange} disabled={disabled} />
            </Faulty>
          )}
        </WaitingContext>
      </MarksContext>
    </form>
  );
}

const NONE: readonly Place[] = [];

type FieldsProps = Pick<InputFormProps, "schema" | "value" | "onChange"> & { disabled: boolean };

function Fields({ schema, value, onChange, disabled }: FieldsProps) {
  const id = useId();
  const form = useMemo(() => prepared(schema as Schema), [schema]);
  const registry = useMemo(() => registryOf(form, id), [form, id]);
  // Two changes of one moment, such as a key and its value, come one after the other.
  const latest = useRef(value);
  latest.current = value;
  const change = useCallback(
    (to: Value, path: Path) => {
      const next = changed(latest.current, path, to);
      latest.current = inOrder(isObject(next) ? next : {}, Object.keys(form.properties ?? {}));
      onChange(latest.current);
    },
    [onChange, form],
  );
  const top: FieldPathId = toFieldPathId("", registry.globalFormOptions);
  const empty = Object.keys(form.properties ?? {}).length === 0 && Object.keys(value).length === 0;
  return (
    <>
      {empty && <p className={styles.note}>It takes no named input.</p>}
      <Inner
        name=""
        schema={form}
        required
        formData={value}
        fieldPathId={top}
        registry={registry}
        onChange={change}
        onBlur={nothing}
        onFocus={nothing}
        disabled={disabled}
      />
    </>
  );
}

function nothing() {}

function AsJson({ value, disabled, onChange }: Pick<FieldsProps, "value" | "disabled" | "onChange">) {
  return (
    <JsonText
      id="input-json"
      value={value}
      disabled={disabled}
      change={(next) => onChange(isObject(next) ? next : {})}
      labelled={{ "aria-label": "The input as JSON" }}
      rows={8}
      object
    />
  );
}

function Head({ words }: { words: readonly string[] }) {
  if (words.length === 0) return null;
  return (
    <ul className={styles.errors} tabIndex={-1} data-head>
      {words.map((word) => (
        <li key={word}>{word}</li>
      ))}
    </ul>
  );
}

/** The words of the places at the fields that are shown; the first of them gets the focus. */
function useMarks(
  form: React.RefObject<HTMLFormElement | null>,
  places: readonly Place[],
  view: View,
): Marks {
  const [marks, setMarks] = useState<Marks>(NO_MARKS);
  useLayoutEffect(() => {
    if (places.length === 0) return setMarks(NO_MARKS);
    const fields = view === "json" ? [] : (form.current?.querySelectorAll<HTMLElement>("[data-path]") ?? []);
    setMarks(marksOf(places, new Set([...fields].map((field) => field.dataset.path ?? ""))));
  }, [places, view, form]);
  useLayoutEffect(() => {
    if (marks.size === 0) return;
    const fields = [...(form.current?.querySelectorAll<HTMLElement>("[data-path]") ?? [])];
    const first = fields.find((field) => marks.has(field.dataset.path ?? ""));
    const target = first?.querySelector<HTMLElement>(FOCUSABLE) ?? form.current?.querySelector("[data-head]");
    if (target instanceof HTMLElement) target.focus();
  }, [marks, form]);
  return marks;
}

const FOCUSABLE =
  "[aria-invalid], input:not([hidden], [type='radio']), textarea, select, input[type='radio'], button";
