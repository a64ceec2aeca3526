// What changed between the schemas of two versions, and whether callers have to change something.

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleAlert, CircleCheck } from "lucide-react";
import type { Shapes } from "@/api/client";
import { version as versionOf } from "@/api/queries";
import { Loading } from "@/ui/loading";
import { Panel } from "@/ui/panel";
import { ProblemNote } from "@/ui/problem-note";
import { type Column, Table } from "@/ui/table";
import styles from "./comparison.module.css";
import { useModelVersion } from "./hooks";
import { type Change, type Kind, type SchemaDiff, type Schemas, schemaDiff } from "./schema-diff";

/** `numbers` are those that can be chosen, newest first. */
export function Comparison({ numbers }: { numbers: number[] }) {
  const { version } = useModelVersion();
  const search = useSearch({ from: "/models/$owner/$name/versions" });
  const navigate = useNavigate();
  const to = search.to ?? version.number;
  const from = search.from ?? numbers.find((one) => one < to) ?? numbers.at(-1) ?? to;
  const choose = (chosen: { from?: number; to?: number }) =>
    void navigate({
      to: ".",
      search: (now) => ({ ...now, from, to, ...chosen }),
      replace: true,
      resetScroll: false,
    });
  return (
    <Panel
      title="What changed"
      actions={
        <div className={styles.choices}>
          <Choice label="From" value={from} numbers={numbers} choose={(number) => choose({ from: number })} />
          <Choice label="To" value={to} numbers={numbers} choose={(number) => choose({ to: number })} />
        </div>
      }
    >
      <Between from={from} to={to} />
    </Panel>
  );
}

interface ChoiceProps {
  label: string;
  value: number;
  numbers: number[];
  choose: (number: number) => void;
}

function Choice({ label, value, numbers, choose }: ChoiceProps) {
  const all = [...new Set([...numbers, value])].sort((one, other) => other - one);
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => choose(Number(event.target.value))}>
        {all.map((number) => (
          <option key={number} value={number}>
            Version {number}
          </option>
        ))}
      </select>
    </label>
  );
}

function Between({ from, to }: { from: number; to: number }) {
  const { owner, name } = useModelVersion();
  const [before, after] = [useQuery(versionOf(owner, name, from)), useQuery(versionOf(owner, name, to))];
  const error = before.error ?? after.error;
  if (error !== null) return <ProblemNote error={error} />;
  if (before.data === undefined || after.data === undefined) return <Loading />;
  return <Changes diff={schemaDiff(schemasOf(before.data), schemasOf(after.data))} />;
}

const schemasOf = (version: Shapes["Version"]) => version.schemas.prediction as Schemas;

function Changes({ diff }: { diff: SchemaDiff }) {
  const parts = [
    ["Inputs", diff.input],
    ["Output", diff.output],
    ["Streamed pieces", diff.stream],
  ] as const;
  const some = parts.filter(([, changes]) => changes.length > 0);
  if (some.length === 0) return <p className={styles.same}>What they take and give is the same.</p>;
  return (
    <div className={styles.changes}>
      <p className={diff.breaks ? styles.breaks : styles.safe}>
        {diff.breaks ? <CircleAlert size={17} aria-hidden /> : <CircleCheck size={17} aria-hidden />}
        {diff.breaks
          ? "Programs that call the one may fail with the other."
          : "Programs that call the one work with the other, too."}
      </p>
      {some.map(([title, changes]) => (
        <div key={title} className={styles.part}>
          <h3>{title}</h3>
          <Table
            label={`Changes of: ${title}`}
            columns={title === "Inputs" ? COLUMNS : NAMELESS}
            rows={changes.toSorted((one, other) => Number(other.breaks) - Number(one.breaks))}
            keyOf={(change) => `${change.path} ${change.kind}`}
          />
        </div>
      ))}
    </div>
  );
}

const KINDS: Record<Kind, string> = {
  added: "added",
  removed: "removed",
  type: "type",
  choices: "choices",
  bounds: "bounds",
  default: "default",
  required: "required",
  description: "description",
};

const NAMELESS: Column<Change>[] = [
  {
    head: "Where",
    cell: ({ path }) => (path === "" ? "all of it" : <code className={styles.path}>{path}</code>),
  },
  { head: "What", cell: ({ kind }) => <span className={styles.what}>{KINDS[kind]}</span> },
  { head: "Before", cell: ({ before }) => before !== "" && <span className={styles.before}>{before}</span> },
  { head: "After", cell: ({ after }) => after !== "" && <span className={styles.after}>{after}</span> },
  { head: "Callers", cell: ({ breaks }) => breaks && <span className={styles.tag}>may fail</span> },
];

const COLUMNS: Column<Change>[] = [
  {
    head: "Input",
    cell: ({ path }) => (path === "" ? "all of it" : <code className={styles.path}>{path}</code>),
  },
  ...NAMELESS.slice(1),
];
