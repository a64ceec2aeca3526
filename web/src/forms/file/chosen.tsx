// The file that is chosen: how it looks, what it is called, and what can be done with it.

import { Replace, X } from "lucide-react";
import { Button } from "@/ui/button";
import { bytes } from "@/ui/bytes";
import type { Value } from "../json";
import styles from "./file.module.css";
import { knownOf } from "./known";
import { Choose } from "./offer";
import { Preview } from "./preview";

interface Props {
  link: string;
  disabled: boolean;
  change: (to: Value) => void;
  take: (file: File) => void;
}

export function Chosen({ link, disabled, change, take }: Props) {
  const file = knownOf(link);
  const href = /^https?:\/\//i.test(link) ? link : undefined;
  return (
    <div className={styles.chosen}>
      <Preview file={file} />
      <div className={styles.about}>
        {href === undefined ? (
          <span className={styles.name}>{file.name}</span>
        ) : (
          <a className={styles.name} href={href} target="_blank" rel="noreferrer noopener">
            {file.name}
          </a>
        )}
        <span className={styles.facts}>
          {[file.type, file.size === null ? "" : bytes(file.size)].filter(Boolean).join(", ")}
        </span>
        <div className={styles.ways}>
          <Choose accept={[]} disabled={disabled} take={take}>
            <Replace size={14} aria-hidden />
            Replace
          </Choose>
          <Button kind="quiet" disabled={disabled} onClick={() => change(undefined)}>
            <X size={14} aria-hidden />
            Remove
          </Button>
        </div>
      </div>
    </div>
  );
}
