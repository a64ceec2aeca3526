// A file: dropped, pasted, chosen, taken by the camera or named by its address. The value is its link.

import { useState } from "react";
import { bytes } from "@/ui/bytes";
import { ProblemNote } from "@/ui/problem-note";
import { type Field, useLabelled } from "../context";
import { numberOf } from "../schema";
import { Chosen } from "./chosen";
import styles from "./file.module.css";
import { Offer } from "./offer";
import { useUpload } from "./use-upload";

export function FileWidget(field: Field) {
  const { schema, value, disabled, change } = field;
  const types = (schema["x-augury-media-types"] as string[] | undefined) ?? [];
  const most = numberOf(schema, "x-augury-max-bytes");
  const [tooBig, setTooBig] = useState<string | null>(null);
  const upload = useUpload(change);
  const { "aria-invalid": invalid, ...labelled } = useLabelled();
  const take = (file: File) => {
    if (most !== undefined && file.size > most) {
      setTooBig(`${file.name} has ${bytes(file.size)}. At most ${bytes(most)} are taken.`);
      return;
    }
    setTooBig(null);
    upload.start(file);
  };
  return (
    <div role="group" className={styles.file} data-invalid={invalid} {...labelled}>
      {upload.state.at === "sending" ? (
        <Sending name={upload.state.name} share={upload.state.share} stop={upload.stop} />
      ) : typeof value === "string" && value !== "" ? (
        <Chosen link={value} disabled={disabled} change={change} take={take} />
      ) : (
        <Offer types={types} disabled={disabled} take={take} address={change} />
      )}
      {tooBig !== null && (
        <p role="alert" className={styles.problem}>
          {tooBig}
        </p>
      )}
      {upload.state.at === "failed" && <ProblemNote error={upload.state.error} />}
    </div>
  );
}

function Sending({ name, share, stop }: { name: string; share: number; stop: () => void }) {
  return (
    <div className={styles.sending}>
      <span className={styles.name}>Uploading {name}</span>
      <progress className={styles.progress} value={share} aria-label={`Uploading ${name}`} />
      <button type="button" className={styles.link} onClick={stop}>
        Stop
      </button>
    </div>
  );
}
