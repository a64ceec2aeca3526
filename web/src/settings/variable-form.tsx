// Making a variable, and giving one another key or value.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, ask, type Shapes } from "@/api/client";
import { complaints } from "@/api/complaints";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Checkbox, TextArea, TextField } from "@/ui/field";
import { useSay } from "@/ui/notices";
import { ProblemNote } from "@/ui/problem-note";
import styles from "./settings.module.css";

type Variable = Shapes["Variable"];
type Draft = Shapes["NewVariable"];

const EMPTY: Draft = { name: "", key: "", value: "", secret: true };

export function NewVariable() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        New variable
      </Button>
      <Dialog title="New variable" open={open} onClose={() => setOpen(false)}>
        <VariableForm
          first={EMPTY}
          save={(draft) => ask(api.POST("/v1/variables", { body: draft }))}
          verb="Make the variable"
          onDone={() => setOpen(false)}
        />
      </Dialog>
    </>
  );
}

export function ChangeVariable({ variable }: { variable: Variable }) {
  const [open, setOpen] = useState(false);
  const { name, key, secret } = variable;
  const save = (draft: Draft) => {
    // A secret value that is left empty stays as it is: it is not known here.
    const value = secret && draft.value === "" ? {} : { value: draft.value };
    const body = { key: draft.key, ...value } as Shapes["VariableChange"];
    return ask(api.PATCH("/v1/variables/{name}", { params: { path: { name } }, body }));
  };
  return (
    <>
      <Button kind="quiet" aria-label={`Change ${name}`} onClick={() => setOpen(true)}>
        Change
      </Button>
      <Dialog title={`Change ${name}`} open={open} onClose={() => setOpen(false)}>
        <VariableForm
          first={{ name, key, secret, value: variable.value }}
          fixed
          save={save}
          verb="Save"
          onDone={() => setOpen(false)}
        >
          <p className={styles.small}>
            Workers that have it are replaced once they have done what they have.
          </p>
        </VariableForm>
      </Dialog>
    </>
  );
}

interface FormProps {
  first: Draft;
  /** Whether name and secrecy are given. */
  fixed?: boolean;
  save: (draft: Draft) => Promise<unknown>;
  verb: string;
  onDone: () => void;
  children?: ReactNode;
}

function VariableForm({ first, fixed = false, save, verb, onDone, children }: FormProps) {
  const [draft, setDraft] = useState(first);
  const queries = useQueryClient();
  const say = useSay();
  const { mutate, isPending, error } = useMutation({
    gcTime: 0,
    mutationFn: () => save(draft),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["variables"] });
      say("Saved.");
      onDone();
    },
  });
  const { at, rest } = complaints(error, ["name", "key", "value", "secret"], { variable_exists: "name" });
  const change = (name: keyof Draft) => ({
    value: String(draft[name]),
    error: at[name],
    autoComplete: "off",
    spellCheck: false,
    onChange: ({ target }: { target: { value: string } }) => setDraft({ ...draft, [name]: target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {!fixed && (
        <TextField
          label="Name"
          note="By which versions name it."
          placeholder="hub-token"
          {...change("name")}
        />
      )}
      <TextField
        label="In the environment"
        note="What the model finds it under."
        placeholder="HUB_TOKEN"
        {...change("key")}
      />
      <ValueField draft={draft} kept={fixed} {...change("value")} />
      {!fixed && (
        <Checkbox
          label="Secret"
          note="Never shown again, and masked in what models write."
          checked={draft.secret}
          onChange={({ target }) => setDraft({ ...draft, secret: target.checked })}
        />
      )}
      {children}
      {rest !== undefined && <ProblemNote error={rest} />}
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" busy={isPending}>
          {verb}
        </Button>
      </div>
    </form>
  );
}

interface ValueProps {
  draft: Draft;
  kept: boolean;
  value: string;
  error: string | undefined;
  onChange: (event: { target: { value: string } }) => void;
}

/** Secrets are typed unseen, unless they are of several lines, which one line cannot hold. */
function ValueField({ draft, kept, ...rest }: ValueProps) {
  const note = kept && draft.secret ? "Leave it empty to keep the value it has." : undefined;
  if (draft.secret && !draft.value.includes("\n")) {
    const paste = (event: React.ClipboardEvent) => {
      const text = event.clipboardData.getData("text");
      if (!text.includes("\n")) return;
      event.preventDefault();
      rest.onChange({ target: { value: text } });
    };
    return (
      <TextField
        label="Value"
        note={note}
        type="password"
        {...rest}
        autoComplete="new-password"
        onPaste={paste}
      />
    );
  }
  return <TextArea label="Value" note={note} rows={3} {...rest} />;
}
