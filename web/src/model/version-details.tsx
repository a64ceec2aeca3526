// Everything about the chosen version: notes, facts, configuration, why it cannot start, what it takes and gives.

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "@/api/client";
import { model as modelOf } from "@/api/queries";
import { Ask } from "@/ui/ask";
import { bytes } from "@/ui/bytes";
import { Copy } from "@/ui/copy";
import { useSay } from "@/ui/notices";
import { Panel } from "@/ui/panel";
import { Status } from "@/ui/status";
import { Ago } from "@/ui/time";
import { Broken } from "./broken";
import { Configuration } from "./configuration";
import { useModelVersion } from "./hooks";
import { SchemaTables } from "./schema-tables";
import styles from "./version-details.module.css";
import { offersOf } from "./words";

/** Characters of a digest that tell versions apart. */
const SHORT = 19;

export function VersionDetails() {
  const { version, mayChange } = useModelVersion();
  const digest = version.container_image_digest;
  return (
    <Panel title={`Version ${version.number}`} actions={mayChange && <DeleteVersion />}>
      <div className={styles.details}>
        {version.broken_reason !== null && <Broken reason={version.broken_reason} />}
        {version.release_notes !== "" && <p className={styles.notes}>{version.release_notes}</p>}
        <dl className={styles.facts}>
          <dt>Status</dt>
          <dd>{version.broken_reason === null ? "can run" : <Status of="broken" />}</dd>
          <dt>Pushed</dt>
          <dd>
            <Ago at={version.created_at} />
          </dd>
          {version.size !== undefined && version.size > 0 && (
            <>
              <dt>Size</dt>
              <dd>{bytes(version.size)}</dd>
            </>
          )}
          {digest !== undefined && digest !== "" && (
            <>
              <dt>Digest</dt>
              <dd className={styles.digest}>
                <code title={digest}>{digest.slice(0, SHORT)}…</code>
                <Copy text={digest} what="digest" />
              </dd>
            </>
          )}
          <dt>Clients</dt>
          <dd>{offersOf(version.compatibilities).join(", ")}</dd>
          <Configuration />
        </dl>
        <SchemaTables schemas={version.schemas.prediction} />
      </div>
    </Panel>
  );
}

function DeleteVersion() {
  const { owner, name, version } = useModelVersion();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const say = useSay();
  const { number } = version;
  const remove = async () => {
    const params = { path: { owner, name, number: String(number) } };
    await ask(api.DELETE("/v1/models/{owner}/{name}/versions/{number}", { params }));
    say(`Version ${number} is deleted`);
    await navigate({ to: "/models/$owner/$name/versions", params: { owner, name } });
    queries.removeQueries({ queryKey: ["version", owner, name, number] });
    await Promise.all([
      queries.invalidateQueries(modelOf(owner, name)),
      queries.invalidateQueries({ queryKey: ["versions", owner, name] }),
      queries.invalidateQueries({ queryKey: ["models"] }),
    ]);
  };
  return (
    <Ask
      verb="Delete"
      label={`Delete version ${number}`}
      question={`Delete version ${number} of ${name}?`}
      onConfirm={remove}
    >
      Programs that name this version will fail, and what is queued for it will not run. Nothing brings it
      back.
    </Ask>
  );
}
