// Markdown that a person or a model wrote. What shows it is loaded when the first is shown.

import { lazy, Suspense } from "react";
import { fetched } from "@/app/fetched";
import styles from "./markdown.module.css";
import { tooMuch } from "./markdown-limits";
import { OrElse } from "./or-else";

const Rendered = lazy(fetched(() => import("./markdown-rendered")));

/** `level` is that of its first headings: one below the heading that it stands under. */
export function Markdown({ text, level = 3 }: { text: string; level?: number }) {
  const plain = <p className={styles.plain}>{text}</p>;
  return (
    <div className={styles.markdown}>
      {tooMuch(text) ? (
        plain
      ) : (
        <OrElse instead={plain}>
          <Suspense fallback={plain}>
            <Rendered text={text} level={level} />
          </Suspense>
        </OrElse>
      )}
    </div>
  );
}
