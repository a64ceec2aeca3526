// Signing in with a pasted token; what is wrong with it is said at the field, in the server's words.

import { type FormEvent, useState } from "react";
import { Problem } from "@/api/problem";
import { signIn } from "@/app/session";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import styles from "./signin.module.css";

export function TokenForm({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setWrong(undefined);
    try {
      await signIn({ token: token.trim() });
      setToken("");
      onDone();
    } catch (error) {
      setWrong(words(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <TextField
        label="Token"
        note="It begins with aug_, and stays on the server: the browser gets a session instead."
        type="password"
        name="token"
        autoComplete="off"
        spellCheck={false}
        required
        value={token}
        error={wrong}
        onChange={(event) => {
          setToken(event.target.value);
          setWrong(undefined);
        }}
      />
      <Button kind="primary" type="submit" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

/** The server's sentence, and what it says to do. */
export function words(error: unknown): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
  const said = error.places.length > 0 ? error.places.map((place) => place.msg).join(" ") : error.message;
  return error.hint === null ? said : `${said} ${error.hint}`;
}
