// Versions that cannot start: why, and what their setup wrote.

import { Panel } from "@/ui/panel";
import { Status } from "@/ui/status";
import { Ago } from "@/ui/time";
import { ModelLink } from "./model-link";
import styles from "./now.module.css";
import type { Statistics } from "./statistics";

type Version = Statistics["broken"][number];

export function Broken({ versions }: { versions: Version[] }) {
  if (versions.length === 0) return null;
  return (
    <Panel title={versions.length === 1 ? "A version is broken" : `${versions.length} versions are broken`}>
      <div className={styles.broken}>
        {versions.map((version) => (
          <One
            key={`${version.model.owner}/${version.model.name}:${version.model.version_number}`}
            version={version}
            open={versions.length === 1}
          />
        ))}
      </div>
    </Panel>
  );
}

function One({ version: { model, reason, since, logs }, open }: { version: Version; open: boolean }) {
  const name = `${model.owner}/${model.name}:${model.version_number}`;
  return (
    <article aria-label={name}>
      <p className={styles.busy}>
        <Status of="broken" />
        <ModelLink model={model} />
        {since !== null && (
          <span className={styles.note}>
            since <Ago at={since} />
          </span>
        )}
      </p>
      <p className={styles.reason}>{reason}</p>
      {logs.length > 0 && (
        <details open={open}>
          <summary className={styles.note}>What its setup wrote</summary>
          <section className={styles.log} aria-label={`Setup log of ${name}`} tabIndex={0}>
            {logs.map((line) => line.text).join("\n")}
          </section>
        </details>
      )}
    </article>
  );
}
