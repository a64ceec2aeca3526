// The head of a page, which also names the window.

import { type ReactNode, useEffect } from "react";
import styles from "./page.module.css";

interface Props {
  title: string;
  /** What the window is called; the title if it is left out. */
  window?: string;
  /** Under the title. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, window: name = title, note, actions, children }: Props) {
  useEffect(() => {
    document.title = `${name} · Augury`;
  }, [name]);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.words}>
          <h1>{title}</h1>
          {note !== undefined && <div className={styles.note}>{note}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
