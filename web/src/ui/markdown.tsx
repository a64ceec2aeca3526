// Markdown that a person or a model wrote. What shows it is loaded when the first is shown.

import { lazy, Suspense } from "react";
import styles from "./markdown.module.css";

const Rendered = lazy(() =>
  import("./markdown-rendered").catch(() => ({ default: ({ text }: { text: string }) => <pre>{text}</pre> })),
);

/** `level` is that of its first headings: one below the heading that it stands under. */
export function Markdown({ text, level = 3 }: { text: string; level?: number }) {
  return (
    <div className={styles.markdown}>
      <Suspense fallback={<p className={styles.plain}>{text}</p>}>
        <Rendered text={text} level={level} />
      </Suspense>
    </div>
  );
}
