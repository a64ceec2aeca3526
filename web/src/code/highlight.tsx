// Source text to read and to copy, coloured as soon as what colours it is loaded. Text nodes only.

import { type ReactNode, Suspense, use, useDeferredValue } from "react";
import { fetched } from "@/app/fetched";
import { Copy } from "@/ui/copy";
import styles from "./highlight.module.css";
import type { Highlighter, Language } from "./shiki";

interface Text {
  text: string;
  language: Language;
}

/** What is longer is shown in part and without colours, so that the page stays quick. */
const LONGEST = 30_000;

let loading: Promise<Highlighter | null> | undefined;

/** What colours; null where it cannot be had, such as after an update of the server: the text is what matters. */
function loaded(): Promise<Highlighter | null> {
  loading ??= fetched(() => import("./shiki"))()
    .then(({ highlighter }) => highlighter())
    .catch(() => null);
  return loading;
}

/** `label` says what it is, and names the copy button. */
export function Code({ text, language, label }: Text & { label: string }) {
  const shown = useDeferredValue(text);
  return (
    <div className={styles.code}>
      <div className={styles.head}>
        <span className={styles.label}>{label}</span>
        <Copy text={text} what={label.toLowerCase()} />
      </div>
      <pre className={styles.text} role="group" aria-label={label} tabIndex={0}>
        <code data-language={language}>
          {shown.length > LONGEST ? (
            `${shown.slice(0, LONGEST)}\n… Copy gives all of it.`
          ) : (
            <Suspense fallback={shown}>
              <Coloured text={shown} language={language} />
            </Suspense>
          )}
        </code>
      </pre>
    </div>
  );
}

function Coloured({ text, language }: Text): ReactNode {
  const highlight = use(loaded());
  if (highlight === null) return text;
  return highlight(text, language).map((line, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing but their place
    <span key={row}>
      {row > 0 && "\n"}
      {line.map((piece, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have nothing but their place
        <span key={place} style={piece.colour === undefined ? undefined : { color: piece.colour }}>
          {piece.text}
        </span>
      ))}
    </span>
  ));
}
