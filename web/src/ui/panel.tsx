// A part of a page: a heading, what belongs to it, and what can be done with it.

import { type ReactNode, useId } from "react";
import styles from "./panel.module.css";

interface Props {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  /** Without a frame and without padding of its own. */
  bare?: boolean;
}

export function Panel({ title, actions, children, bare = false }: Props) {
  const heading = useId();
  return (
    <section className={bare ? styles.bare : styles.panel} aria-labelledby={heading}>
      <header className={styles.head}>
        <h2 id={heading}>{title}</h2>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
