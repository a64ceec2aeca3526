// Why a version cannot start: the reason, and what its setup wrote.

import { useQuery } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import { plain } from "@/prediction/ansi";
import { Copy } from "@/ui/copy";
import styles from "./broken.module.css";
import { useModelVersion } from "./hooks";
import { setupLog } from "./queries";

export function Broken({ reason }: { reason: string }) {
  const { mayChange } = useModelVersion();
  return (
    <section className={styles.broken} aria-label="Why it cannot start">
      <p className={styles.head}>
        <CircleAlert size={18} aria-hidden />
        This version cannot start
      </p>
      <p className={styles.reason}>{reason}</p>
      {mayChange && (
        <>
          <p className={styles.hint}>
            Push a repaired version, or change its configuration: it is tried again then.
          </p>
          <SetupLog />
        </>
      )}
    </section>
  );
}

function SetupLog() {
  const { owner, name, version } = useModelVersion();
  const { data, error } = useQuery(setupLog(owner, name, version.number));
  if (error !== null) return <p className={styles.hint}>Its setup log cannot be read: {error.message}</p>;
  if (data === undefined || data.items.length === 0) return null;
  const text = data.items.map((line) => plain(line.text)).join("\n");
  return (
    <div className={styles.log}>
      <div className={styles.title}>
        <span>What its setup wrote</span>
        <Copy text={text} what="setup log" />
      </div>
      <pre tabIndex={0} role="group" aria-label="Setup log">
        {text}
      </pre>
    </div>
  );
}
