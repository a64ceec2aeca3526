// One value in its row of the tree: short, by its type; links to files and to the web are links.

import { ExternalLink, FileDown } from "lucide-react";
import { plain } from "./ansi";
import { fileLink, webLink } from "./links";
import styles from "./tree.module.css";
import type { Row } from "./tree-rows";

const LONGEST = 160;

/** Whether a text has more than its row shows. */
export function isLong(value: unknown): boolean {
  return typeof value === "string" && value.length > LONGEST;
}

export function Value({ row }: { row: Row }) {
  const { value, count, open } = row;
  if (count !== null) return <Holder value={value as object} count={count} open={open} />;
  if (typeof value === "string") return <TextValue text={value} file={row.file} />;
  const kind = typeof value === "number" ? styles.numeric : styles.word;
  return <span className={kind}>{String(value)}</span>;
}

function Holder({ value, count, open }: { value: object; count: number; open: boolean }) {
  const [before, after] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (count === 0) return <span className={styles.bracket}>{before + after}</span>;
  const what = Array.isArray(value) ? "item" : "field";
  return (
    <>
      <span className={styles.bracket}>
        {before}
        {!open && ` ${brief(value, count)} ${after}`}
      </span>
      <span className={styles.count}>
        {count.toLocaleString("en")} {count === 1 ? what : `${what}s`}
      </span>
    </>
  );
}

const BRIEF = 70;

/** The first of what it holds, as far as that fits into a row. */
function brief(value: object, count: number): string {
  const list = Array.isArray(value);
  const parts: string[] = [];
  let length = 0;
  for (const name in value) {
    const inner = (value as Record<string, unknown>)[name];
    const text = list ? word(inner) : `${plain(name.slice(0, 30))}: ${word(inner)}`;
    length += text.length + 2;
    if (length > BRIEF && parts.length > 0) break;
    parts.push(text);
  }
  return parts.length < count ? `${parts.join(", ")}, …` : parts.join(", ");
}

function word(value: unknown): string {
  if (typeof value === "string")
    return plain(JSON.stringify(value.length > 24 ? `${value.slice(0, 24)}…` : value));
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "[…]" : "{…}";
}

function TextValue({ text, file }: { text: string; file: boolean }) {
  const link = fileLink(text, file);
  if (link !== null && !link.href.startsWith("data:")) {
    return (
      <a
        className={styles.link}
        href={link.href}
        target="_blank"
        rel="noreferrer noopener"
        onClick={(event) => event.stopPropagation()}
      >
        {link.elsewhere ? <ExternalLink size={13} aria-hidden /> : <FileDown size={13} aria-hidden />}
        {plain(link.name)}
      </a>
    );
  }
  const shown = plain(text.slice(0, LONGEST).replaceAll("\n", "⏎").replaceAll("\t", "⇥"));
  const web = webLink(text);
  return (
    <>
      <span className={styles.text}>
        "
        {web === null ? (
          shown
        ) : (
          <a
            href={web}
            target="_blank"
            rel="noreferrer noopener"
            onClick={(event) => event.stopPropagation()}
          >
            {shown}
          </a>
        )}
        {text.length > LONGEST ? "…" : '"'}
      </span>
      {text.length > LONGEST && (
        <span className={styles.more}>all {text.length.toLocaleString("en")} characters</span>
      )}
    </>
  );
}
