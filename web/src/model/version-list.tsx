// A model's versions, newest first: which one is shown is a link away.

import { Link } from "@tanstack/react-router";
import type { Shapes } from "@/api/client";
import { Button } from "@/ui/button";
import { Ago } from "@/ui/time";
import { useModelVersion } from "./hooks";
import styles from "./version-list.module.css";

interface Props {
  versions: Shapes["VersionSummary"][];
  /** Asks for older ones; null where there are none. */
  more: (() => void) | null;
  busy: boolean;
}

export function VersionList({ versions, more, busy }: Props) {
  const { owner, name, model, version } = useModelVersion();
  const latest = model.latest_version?.number;
  return (
    <nav aria-label="Versions" className={styles.list}>
      <ul>
        {versions.map((one) => (
          <li key={one.number}>
            <Link
              to="/models/$owner/$name/versions"
              params={{ owner, name }}
              search={one.number === latest ? {} : { version: one.number }}
              className={one.number === version.number ? styles.here : styles.version}
              aria-current={one.number === version.number ? "true" : undefined}
              activeProps={{}}
            >
              <span className={styles.line}>
                <strong>Version {one.number}</strong>
                <span className={styles.when}>
                  {one.number === latest && "latest · "}
                  <Ago at={one.created_at} />
                </span>
              </span>
              {one.release_notes !== "" && <span className={styles.notes}>{one.release_notes}</span>}
            </Link>
          </li>
        ))}
      </ul>
      {more !== null && (
        <Button onClick={more} busy={busy}>
          Show older
        </Button>
      )}
    </nav>
  );
}
