// Making an account with its first token, which its owner is to get.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "@/api/client";
import { complaints } from "@/api/complaints";
import { Problem } from "@/api/problem";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Checkbox, TextField } from "@/ui/field";
import { ProblemNote } from "@/ui/problem-note";
import { makeToken } from "./new-token";
import { type Scope, ScopeChoice } from "./scopes";
import styles from "./settings.module.css";
import { TokenMade } from "./token-made";

interface Draft {
  name: string;
  display_name: string;
  admin: boolean;
  scope: Scope;
}

const EMPTY: Draft = { name: "", display_name: "", admin: false, scope: "admin" };

export function NewUser() {
  const [open, setOpen] = useState(false);
  const [draft, setDraft] = useState(EMPTY);
  const queries = useQueryClient();
  const { mutate, isPending, error, data, reset } = useMutation({
    gcTime: 0,
    mutationFn: () => make(draft),
    onSettled: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
  const close = () => {
    setOpen(false);
    setDraft(EMPTY);
    reset();
  };
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        New user
      </Button>
      <Dialog
        title={data === undefined ? "New user" : `${data.name} has an account`}
        open={open}
        onClose={close}
      >
        {data === undefined ? (
          <UserForm
            draft={draft}
            onChange={setDraft}
            busy={isPending}
            error={error}
            onSubmit={() => mutate()}
          />
        ) : (
          <>
            <p>This is their first token, to sign in with. Give it to them in private.</p>
            <TokenMade token={data.token} />
            <div className={styles.buttons}>
              <Button kind="primary" onClick={close}>
                Done
              </Button>
            </div>
          </>
        )}
      </Dialog>
    </>
  );
}

async function make({ name, display_name, admin, scope }: Draft) {
  const body = {
    name,
    admin,
    display_name: display_name.trim() || null,
    bio: null,
    urls: null,
    company: null,
    location: null,
  };
  const made = await ask(api.POST("/v1/users", { body }));
  try {
    const first = await makeToken({ name: "first", scope, expires: "", day: "" }, made.name);
    return { name: made.name, token: first.token ?? "" };
  } catch (error) {
    const why = error instanceof Problem ? error.message : String(error);
    const hint = "Close this, and make a token in the list.";
    throw new Problem(`${made.name} has an account now, but no token: ${why}`, 0, "no_token", hint);
  }
}

interface FormProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  busy: boolean;
  error: unknown;
  onSubmit: () => void;
}

function UserForm({ draft, onChange, busy, error, onSubmit }: FormProps) {
  const { at, rest } = complaints(error, ["name", "display_name"], { name_taken: "name" });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <TextField
        label="Name"
        note="Letters, digits and ._- ; their models’ addresses begin with it."
        autoComplete="off"
        spellCheck={false}
        value={draft.name}
        error={at.name}
        onChange={({ target }) => onChange({ ...draft, name: target.value })}
      />
      <TextField
        label="Shown as"
        autoComplete="off"
        value={draft.display_name}
        error={at.display_name}
        onChange={({ target }) => onChange({ ...draft, display_name: target.value })}
      />
      <Checkbox
        label="Admin"
        note="May see and do everything here."
        checked={draft.admin}
        onChange={({ target }) => onChange({ ...draft, admin: target.checked })}
      />
      <ScopeChoice scope={draft.scope} onChange={(scope) => onChange({ ...draft, scope })} />
      {rest !== undefined && <ProblemNote error={rest} />}
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" busy={busy}>
          Make the user
        </Button>
      </div>
    </form>
  );
}
