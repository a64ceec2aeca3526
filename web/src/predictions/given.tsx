// What a prediction was given: a tree of its input, and the files in it as files.

import { useMemo } from "react";
import { Files } from "@/prediction/file";
import { filesIn, type Schema } from "@/prediction/kinds";
import { Tree } from "@/prediction/tree";
import { Copy } from "@/ui/copy";
import { Panel } from "@/ui/panel";
import styles from "./one.module.css";

interface Props {
  input: Record<string, unknown>;
  schema: Schema | undefined;
}

export function Given({ input, schema }: Props) {
  const files = useMemo(() => filesIn(input, schema), [input, schema]);
  const empty = Object.keys(input).length === 0;
  return (
    <Panel
      title="Input"
      actions={!empty && <Copy text={() => JSON.stringify(input, null, 2)} what="the input" />}
    >
      {empty ? (
        <p className={styles.quiet}>It was given nothing: everything had its default.</p>
      ) : (
        <div className={styles.given}>
          <Tree value={input} schema={schema} label="Input" />
          {files.length > 0 && <Files files={files} />}
        </div>
      )}
    </Panel>
  );
}
