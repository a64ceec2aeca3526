// What a version takes and gives, as a table for people.

import type { Shapes } from "@/api/client";
import type { Schema } from "@/forms/schema";
import { type Column, Table } from "@/ui/table";
import styles from "./schema-tables.module.css";
import { boundsWords, type Row, rowsOf, typeWords } from "./schema-words";

const INPUTS: Column<Row>[] = [
  { head: "Input", cell: (row) => <code className={styles.name}>{row.name}</code> },
  { head: "Type", cell: (row) => row.type },
  {
    head: "Default",
    cell: (row) => (row.default === "required" ? <strong>required</strong> : <code>{row.default}</code>),
  },
  { head: "Bounds", cell: (row) => row.bounds },
  { head: "Description", cell: (row) => row.description },
];

export function SchemaTables({ schemas }: { schemas: Shapes["PredictionSchemas"] }) {
  const rows = rowsOf(schemas.input as Schema);
  const output = schemas.output as Schema;
  const stream = (schemas.stream_output ?? null) as Schema | null;
  return (
    <>
      <div className={styles.part}>
        <h3>Inputs</h3>
        {rows.length === 0 ? (
          <p className={styles.quiet}>It takes no named inputs.</p>
        ) : (
          <Table label="Inputs" columns={INPUTS} rows={rows} keyOf={(row) => row.name} />
        )}
      </div>
      <div className={styles.part}>
        <h3>Output</h3>
        <p>
          {[typeWords(output, output), boundsWords(output, output)]
            .filter((words) => words !== "")
            .join(", ")}
          {stream !== null && `, streamed as ${typeWords(stream, stream)}`}
        </p>
        {typeof output.description === "string" && <p className={styles.quiet}>{output.description}</p>}
      </div>
    </>
  );
}
