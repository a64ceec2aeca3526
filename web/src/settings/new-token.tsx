// Making a token: what it is for, what it may, until when; then its text, once.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "@/api/client";
import { complaints } from "@/api/complaints";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Select, TextField } from "@/ui/field";
import { ProblemNote } from "@/ui/problem-note";
import { EXPIRIES, expiryOf } from "./expiry";
import { type Scope, ScopeChoice } from "./scopes";
import styles from "./settings.module.css";
import { TokenMade } from "./token-made";

interface Draft {
  name: string;
  scope: Scope;
  expires: string;
  day: string;
}

const EMPTY: Draft = { name: "", scope: "predict", expires: "90", day: "" };

/** `account` is whose, for admins; one's own if it is left out. */
export function NewToken({ account, kind = "primary" }: { account?: string; kind?: "primary" | "quiet" }) {
  const [open, setOpen] = useState(false);
  const [draft, setDraft] = useState(EMPTY);
  const queries = useQueryClient();
  const { mutate, isPending, error, data, reset } = useMutation({
    // Nothing keeps the text once the dialogue is closed.
    gcTime: 0,
    mutationFn: () => makeToken(draft, account),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const close = () => {
    setOpen(false);
    setDraft(EMPTY);
    reset();
  };
  const title = account === undefined ? "New token" : `New token of ${account}`;
  return (
    <>
      <Button
        kind={kind}
        aria-label={account === undefined ? undefined : title}
        onClick={() => setOpen(true)}
      >
        New token
      </Button>
      <Dialog title={data === undefined ? title : `The token ${data.name}`} open={open} onClose={close}>
        {data === undefined ? (
          <TokenForm
            draft={draft}
            onChange={setDraft}
            busy={isPending}
            error={error}
            onSubmit={() => mutate()}
          />
        ) : (
          <>
            <TokenMade token={data.token ?? ""} />
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

export function makeToken({ name, scope, expires, day }: Draft, account?: string) {
  return ask(
    api.POST("/v1/tokens", {
      body: {
        name,
        scopes: [scope],
        expires_at: expiryOf(expires, day, Date.now()),
        account: account ?? null,
      },
    }),
  );
}

interface FormProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  busy: boolean;
  error: unknown;
  onSubmit: () => void;
}

function TokenForm({ draft, onChange, busy, error, onSubmit }: FormProps) {
  const { at, rest } = complaints(error, ["name", "scopes", "expires_at"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <TextField
        label="Name"
        note="What it is for, such as the machine or the program that has it."
        autoComplete="off"
        value={draft.name}
        error={at.name}
        onChange={({ target }) => onChange({ ...draft, name: target.value })}
      />
      <ScopeChoice
        scope={draft.scope}
        error={at.scopes}
        onChange={(scope) => onChange({ ...draft, scope })}
      />
      <div className={styles.pair}>
        <Select
          label="Expires"
          value={draft.expires}
          error={draft.expires === "on" ? undefined : at.expires_at}
          onChange={({ target }) => onChange({ ...draft, expires: target.value })}
        >
          {EXPIRIES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </Select>
        {draft.expires === "on" && (
          <TextField
            label="Last day"
            type="date"
            value={draft.day}
            error={at.expires_at}
            onChange={({ target }) => onChange({ ...draft, day: target.value })}
          />
        )}
      </div>
      {rest !== undefined && <ProblemNote error={rest} />}
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" busy={busy}>
          Make the token
        </Button>
      </div>
    </form>
  );
}
