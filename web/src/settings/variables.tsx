// What one keeps for the environments of one's models: made, changed, deleted. Secret values are never shown.

import { useQueryClient } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import { api, ask, type Shapes } from "@/api/client";
import { Ask } from "@/ui/ask";
import { Empty } from "@/ui/empty";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { Listed } from "./listed";
import { usePages } from "./pages";
import styles from "./settings.module.css";
import { ChangeVariable, NewVariable } from "./variable-form";

type Variable = Shapes["Variable"];

export function Variables() {
  const { query, items } = usePages<Variable>(["variables"], (place, signal) =>
    ask(api.GET("/v1/variables", { params: { query: place }, signal })),
  );
  return (
    <section className={styles.part} aria-label="Variables">
      <div className={styles.head}>
        <p className={styles.lead}>
          A model finds a variable in its environment if its version names it. Values that are secret are
          sealed, and masked in what models write.
        </p>
        <NewVariable />
      </div>
      <Listed
        query={query}
        count={items.length}
        empty={
          <Empty title="No variables yet">
            Keep here what a model needs and nobody should see, such as the token of a hub.
          </Empty>
        }
      >
        <Table label="Your variables" columns={COLUMNS} rows={items} keyOf={(variable) => variable.name} />
      </Listed>
    </section>
  );
}

const COLUMNS: readonly Column<Variable>[] = [
  { head: "Name", cell: (variable) => <span className={styles.main}>{variable.name}</span> },
  { head: "In the environment", cell: (variable) => <code>{variable.key}</code> },
  { head: "Value", cell: (variable) => <Value variable={variable} /> },
  { head: "Changed", cell: (variable) => <Ago at={variable.updated_at ?? variable.created_at} /> },
  {
    head: "Actions",
    actions: true,
    cell: (variable) => (
      <>
        <ChangeVariable variable={variable} />
        <Delete variable={variable} />
      </>
    ),
  },
];

const SHOWN = 80;

function Value({ variable: { value, secret } }: { variable: Variable }) {
  if (secret) {
    return (
      <span className={styles.small}>
        <Lock size={13} aria-hidden /> Secret
      </span>
    );
  }
  if (value === "") return <span className={styles.none}>Empty</span>;
  return <code title={value}>{value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value}</code>;
}

function Delete({ variable: { name } }: { variable: Variable }) {
  const queries = useQueryClient();
  const remove = async () => {
    await ask(api.DELETE("/v1/variables/{name}", { params: { path: { name } } }));
    await queries.invalidateQueries({ queryKey: ["variables"] });
  };
  return (
    <Ask verb="Delete" label={`Delete ${name}`} question={`Delete the variable ${name}?`} onConfirm={remove}>
      Its value is gone for good. A variable that a version still names cannot be deleted.
    </Ask>
  );
}
