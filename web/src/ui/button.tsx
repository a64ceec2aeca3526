// A button, in the few kinds there are.

import type { ComponentProps } from "react";
import styles from "./button.module.css";

interface Props extends ComponentProps<"button"> {
  kind?: "plain" | "primary" | "danger" | "quiet";
  /** While it is true, the button is disabled and says so. */
  busy?: boolean;
}

/** What makes a link look like a button, for what has an address. */
export const asButton = styles.button;

/** `kind`: primary for the one thing that a page is for, quiet inside other things. */
export function Button({ kind = "plain", busy = false, className, disabled, children, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={[styles.button, styles[kind], className].filter(Boolean).join(" ")}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
    >
      {children}
    </button>
  );
}
