// What narrows the list of predictions: status, model, time, and for admins whose.

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useState } from "react";
import { api, ask } from "@/api/client";
import { Button } from "@/ui/button";
import { Checkbox, Select, TextField } from "@/ui/field";
import styles from "./filter-bar.module.css";
import { type Filters, isFiltered, type Since, STATUSES, type Status, TIMES } from "./filters";

interface Props {
  filters: Filters;
  admin: boolean;
  /** What the server says of the model that is named. */
  wrong: string | undefined;
  onChange: (filters: Filters) => void;
}

export function FilterBar({ filters, admin, wrong, onChange }: Props) {
  const toggled = (status: Status) =>
    filters.statuses.includes(status)
      ? filters.statuses.filter((one) => one !== status)
      : [...filters.statuses, status];
  return (
    <search className={styles.bar} aria-label="Narrow the list">
      <fieldset className={styles.statuses}>
        <legend className="visually-hidden">Status</legend>
        {STATUSES.map(([status, word]) => (
          <button
            key={status}
            type="button"
            aria-pressed={filters.statuses.includes(status)}
            className={styles.chip}
            onClick={() => onChange({ ...filters, statuses: toggled(status) })}
          >
            {word}
          </button>
        ))}
      </fieldset>
      <ModelField
        key={filters.model}
        model={filters.model}
        wrong={wrong}
        onChange={(model) => onChange({ ...filters, model })}
      />
      <div className={styles.time}>
        <Select
          label="Created"
          value={filters.since ?? ""}
          onChange={({ target }) => onChange({ ...filters, since: (target.value || null) as Since | null })}
        >
          <option value="">Any time</option>
          {TIMES.map(([since, words]) => (
            <option key={since} value={since}>
              {words}
            </option>
          ))}
        </Select>
      </div>
      {admin && (
        <div className={styles.tail}>
          <Checkbox
            label="Everyone’s"
            checked={filters.everyone}
            onChange={({ target }) => onChange({ ...filters, everyone: target.checked })}
          />
        </div>
      )}
      {isFiltered(filters) && (
        <div className={styles.tail}>
          <Button
            kind="quiet"
            onClick={() => onChange({ ...filters, statuses: [], model: null, since: null })}
          >
            Clear
          </Button>
        </div>
      )}
    </search>
  );
}

const SETTLED_MS = 500;

/** Taken a moment after the last key, or at once with Enter. */
function ModelField({
  model,
  wrong,
  onChange,
}: {
  model: string | null;
  wrong: string | undefined;
  onChange: (model: string | null) => void;
}) {
  const [text, setText] = useState(model ?? "");
  const names = useId();
  const wanted = text.trim() === "" ? null : text.trim();
  useEffect(() => {
    if (wanted === model || (wanted !== null && !/^[^/]+\/[^/]+$/.test(wanted))) return;
    const timer = setTimeout(() => onChange(wanted), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [wanted, model, onChange]);
  const { data: known } = useQuery({
    queryKey: ["model-names"],
    queryFn: ({ signal }) => ask(api.GET("/v1/models", { params: { query: { page_size: 100 } }, signal })),
    staleTime: 60_000,
  });
  return (
    <form
      className={styles.model}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (wanted !== model) onChange(wanted);
      }}
    >
      <TextField
        label="Model"
        placeholder="owner/name"
        list={names}
        data-search=""
        autoComplete="off"
        spellCheck={false}
        value={text}
        error={wrong}
        onChange={({ target }) => setText(target.value)}
      />
      <datalist id={names}>
        {known?.items.map(({ owner, name }) => (
          <option key={`${owner.name}/${name}`} value={`${owner.name}/${name}`} />
        ))}
      </datalist>
    </form>
  );
}
