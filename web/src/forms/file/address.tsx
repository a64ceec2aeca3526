// The address of a file that is on the web already, or a data: URI.

import { useState } from "react";
import { Button } from "@/ui/button";
import widgets from "../widgets.module.css";
import styles from "./file.module.css";

export function Address({ disabled, done }: { disabled: boolean; done: (link: string) => void }) {
  const [text, setText] = useState("");
  const use = () => {
    if (text.trim() !== "") done(text.trim());
  };
  return (
    <div className={styles.address}>
      <input
        className={`${widgets.input} ${widgets.code}`}
        aria-label="Address of the file"
        placeholder="https://"
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        autoFocus
        value={text}
        disabled={disabled}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          use();
        }}
      />
      <Button disabled={disabled || text.trim() === ""} onClick={use}>
        Use it
      </Button>
    </div>
  );
}
