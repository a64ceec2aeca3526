// The one value of null.

import { type Field, useLabelled } from "./context";
import styles from "./widgets.module.css";

export function NullWidget({ id }: Field) {
  return (
    <output id={id} className={styles.fixed} {...useLabelled()}>
      null
    </output>
  );
}
