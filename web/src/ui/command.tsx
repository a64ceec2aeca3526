// A command to copy and run in a terminal.

import styles from "./command.module.css";
import { Copy } from "./copy";

/** `what` names it for the copy button: "Copy command". */
export function Command({ text, what }: { text: string; what: string }) {
  return (
    <div className={styles.command}>
      <code className={styles.text}>{text}</code>
      <Copy text={text} what={what} />
    </div>
  );
}
