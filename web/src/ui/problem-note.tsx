// What went wrong, and what to do about it.

import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "@/api/problem";
import styles from "./problem-note.module.css";

/** `error` is a Problem as a rule; anything else is shown as a mistake of this page. */
export function ProblemNote({ error, actions }: { error: unknown; actions?: ReactNode }) {
  const known = error instanceof Problem;
  return (
    <section className={styles.note} role="alert">
      <CircleAlert size={18} aria-hidden />
      <div className={styles.words}>
        <p className={styles.message}>{known ? error.message : "This page has failed."}</p>
        {known && error.hint !== null && <p>{error.hint}</p>}
        {!known && <p>{error instanceof Error ? error.message : String(error)}</p>}
        {known && error.requestId !== null && error.status >= 500 && (
          <p className={styles.small}>
            The server's log has more under <code>{error.requestId}</code>.
          </p>
        )}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
    </section>
  );
}
