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
  if (count !== null) return <Holder list={Array.isArray(value)} count={count} open={open} />;
  if (typeof value === "string") return <TextValue text={value} file={row.file} />;
  const kind = typeof value === "number" ? styles.numeric : styles.word;
  return <span className={kind}>{String(value)}</span>;
}

function Holder({ list, count, open }: { list: boolean; count: number; open: boolean }) {
  const [before, after] = list ? ["[", "]"] : ["{", "}"];
  const many = `${count.toLocaleString("en")} ${list ? "items" : "fields"}`;
  if (count === 0) return <span className={styles.bracket}>{before + after}</span>;
  return (
    <span className={styles.bracket}>
      {before}
      {open ? "" : "…"}
      {open ? "" : after} <span className={styles.count}>{count === 1 ? many.slice(0, -1) : many}</span>
    </span>
  );
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
    <span className={styles.text}>
      "
      {web === null ? (
        shown
      ) : (
        <a href={web} target="_blank" rel="noreferrer noopener" onClick={(event) => event.stopPropagation()}>
          {shown}
        </a>
      )}
      "
      {text.length > LONGEST && (
        <span className={styles.count}> … {text.length.toLocaleString("en")} characters</span>
      )}
    </span>
  );
}
