// What a prediction gives, by its kind: text, files, table, vectors, or the tree that any JSON is. Also while it comes.

import { Download } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { Button } from "@/ui/button";
import { save } from "@/ui/bytes";
import { Copy } from "@/ui/copy";
import { Panel } from "@/ui/panel";
import { Segments } from "@/ui/segments";
import { Files } from "./file";
import { filesIn, isText, type Schema, type Shown, shown } from "./kinds";
import styles from "./output.module.css";
import { useSlowly } from "./slowly";
import { Table } from "./table";
import { MARKDOWN_LIMIT, Text } from "./text";
import { Tree } from "./tree";
import { Vectors } from "./vectors";

interface Props {
  /** The output; null or undefined where there is none (yet). */
  value: unknown;
  /** What it fits, and what each piece of its stream fits; undefined where the version is not known. */
  schema?: Schema | undefined;
  streamSchema?: Schema | undefined;
  /** The pieces that its stream has had so far; the list may grow in place. */
  items: readonly unknown[];
  /** The pieces as one text, where whoever asks has it already. */
  text?: string;
  live: boolean;
  /** What is said where there is nothing (yet). */
  nothing?: ReactNode;
}

type View = "plain" | "markdown" | "json";

export function Output({ value, schema, streamSchema, items, text, live, nothing }: Props) {
  const whole = value !== null && value !== undefined;
  const pieces = !whole && items.length > 0;
  if (!whole && !pieces) return <Panel title="Output">{nothing ?? <Nothing live={live} />}</Panel>;
  if (pieces && isText(schema, streamSchema, items)) {
    return <OfText text={text ?? items.join("")} live={live} />;
  }
  if (!pieces) return <Whole value={value} schema={schema} />;
  return <Pieces items={items} streamSchema={streamSchema} live={live} />;
}

/** An output that is complete. */
function Whole({ value, schema }: { value: unknown; schema: Schema | undefined }) {
  const kind = useMemo(() => shown(value, schema), [value, schema]);
  if (kind.kind === "text") return <OfText text={kind.text} live={false} />;
  return <OfKind kind={kind} value={value} schema={schema} />;
}

/** The pieces of a stream that is no text, shown a few times a second. */
function Pieces({ items, streamSchema, live }: Pick<Props, "items" | "streamSchema" | "live">) {
  const size = useSlowly(items.length);
  const schema = useMemo(
    () => streamSchema && { type: "array", items: streamSchema, $defs: streamSchema.$defs },
    [streamSchema],
  );
  const value = useMemo(() => items.slice(0, size), [items, size]);
  const kind = useMemo(() => shown(value, schema), [value, schema]);
  const note = `${size.toLocaleString("en")} ${size === 1 ? "piece" : "pieces"}${live ? " so far" : ""}`;
  return <OfKind kind={kind} value={value} schema={schema} note={note} />;
}

function OfText({ text, live }: { text: string; live: boolean }) {
  const [view, setView] = useState<View>(remembered);
  const markdown = view === "markdown" && text.length <= MARKDOWN_LIMIT;
  const choose = (chosen: View) => {
    setView(chosen);
    remember(chosen);
  };
  return (
    <Panel
      title="Output"
      actions={
        <>
          {text.length <= MARKDOWN_LIMIT && (
            <Segments
              label="Show the text as"
              options={[
                ["plain", "Text"],
                ["markdown", "Markdown"],
              ]}
              value={markdown ? "markdown" : "plain"}
              onChange={choose}
            />
          )}
          <Copy text={text} what="the output" />
          <Save name="output.txt" content={() => text} type="text/plain" />
        </>
      }
    >
      {text === "" ? (
        <p className={styles.quiet}>An empty text.</p>
      ) : (
        <Text text={text} live={live} markdown={markdown} />
      )}
    </Panel>
  );
}

interface OfKindProps {
  kind: Shown;
  value: unknown;
  schema: Schema | undefined;
  note?: string;
}

function OfKind({ kind, value, schema, note }: OfKindProps) {
  const [json, setJson] = useState(false);
  const other = NAMES[kind.kind];
  const text = () => JSON.stringify(value, null, 2);
  return (
    <Panel
      title="Output"
      actions={
        <>
          {note !== undefined && <span className={styles.quiet}>{note}</span>}
          {other !== undefined && (
            <Segments
              label="Show the output as"
              options={[
                ["other", other],
                ["json", "JSON"],
              ]}
              value={json ? "json" : "other"}
              onChange={(chosen) => setJson(chosen === "json")}
            />
          )}
          <Copy text={text} what="the output" />
          <Save name="output.json" content={text} type="application/json" />
        </>
      }
    >
      {json ? (
        <Tree value={value} schema={schema} label="Output" />
      ) : (
        <Body kind={kind} value={value} schema={schema} />
      )}
    </Panel>
  );
}

const NAMES: Partial<Record<Shown["kind"], string>> = { files: "Files", table: "Table", vectors: "Vectors" };

function Body({ kind, value, schema }: OfKindProps) {
  switch (kind.kind) {
    case "null":
      return <p className={styles.quiet}>The output is null.</p>;
    case "scalar":
      return <output className={styles.scalar}>{kind.text}</output>;
    case "files":
      return <Files files={kind.files} />;
    case "table":
      return <Table rows={kind.rows} columns={kind.columns} />;
    case "vectors":
      return <Vectors vectors={kind.vectors} />;
    case "text":
      return <Text text={kind.text} live={false} markdown={false} />;
    default:
      return <OfJson value={value} schema={schema} />;
  }
}

/** A tree, and under it the files that it links to. */
function OfJson({ value, schema }: { value: unknown; schema: Schema | undefined }) {
  const files = useMemo(() => filesIn(value, schema), [value, schema]);
  return (
    <div className={styles.json}>
      <Tree value={value} schema={schema} label="Output" />
      {files.length > 0 && <Files files={files} />}
    </div>
  );
}

function Nothing({ live }: { live: boolean }) {
  return <p className={styles.quiet}>{live ? "Nothing yet." : "There is no output."}</p>;
}

function Save({ name, content, type }: { name: string; content: () => string; type: string }) {
  return (
    <Button kind="quiet" aria-label={`Download ${name}`} onClick={() => save(name, content(), type)}>
      <Download size={15} aria-hidden />
    </Button>
  );
}

const KEY = "augury:text-view";

function remembered(): View {
  return localStorage.getItem(KEY) === "markdown" ? "markdown" : "plain";
}

function remember(view: View) {
  localStorage.setItem(KEY, view);
}
