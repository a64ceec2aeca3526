// A secret: typed in, never shown, kept nowhere but in the page.

import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button";
import { type Field, useLabelled } from "./context";
import styles from "./widgets.module.css";

export function SecretWidget({ id, value, disabled, change }: Field) {
  const [shown, setShown] = useState(false);
  return (
    <div className={styles.beside}>
      <input
        id={id}
        type={shown ? "text" : "password"}
        className={`${styles.input} ${styles.code}`}
        value={typeof value === "string" ? value : ""}
        autoComplete="new-password"
        spellCheck={false}
        disabled={disabled}
        onChange={(event) => change(event.target.value === "" ? undefined : event.target.value)}
        {...useLabelled()}
      />
      <Button
        kind="quiet"
        aria-pressed={shown}
        aria-label={shown ? "Hide the secret" : "Show the secret"}
        onClick={() => setShown(!shown)}
      >
        {shown ? <EyeOff size={15} aria-hidden /> : <Eye size={15} aria-hidden />}
      </Button>
    </div>
  );
}
