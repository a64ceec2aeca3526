// A model's page: its head, and the tabs around what each of them shows.

import { useQuery } from "@tanstack/react-query";
import { Outlet, useMatchRoute, useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { model as modelOf, session, version as versionOf } from "@/api/queries";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { ProblemNote } from "@/ui/problem-note";
import { Head } from "./head";
import { ModelContext, type ModelHere } from "./hooks";
import { LatestInstead, ModelMissing, NoVersion } from "./missing";
import styles from "./page.module.css";
import { Tabs } from "./tabs";

const STARTING_MS = 2000;
const CALM_MS = 15_000;

export function ModelPage() {
  const { owner, name } = useParams({ from: "/models/$owner/$name" });
  const { version: wanted } = useSearch({ from: "/models/$owner/$name" });
  const { data: me } = useQuery(session);
  // So that its status is that of now.
  const model = useQuery({
    ...modelOf(owner, name),
    refetchInterval: ({ state }) => (state.data?.status === "starting" ? STARTING_MS : CALM_MS),
  });
  const latest = model.data?.latest_version ?? null;
  const number = wanted ?? latest?.number ?? 0;
  const other = useQuery({ ...versionOf(owner, name, number), enabled: number !== (latest?.number ?? 0) });
  const version = number === latest?.number ? latest : (other.data ?? null);
  const here = useMemo<ModelHere | null>(
    () =>
      model.data === undefined
        ? null
        : {
            owner,
            name,
            model: model.data,
            version,
            pinned: wanted !== undefined,
            mayChange: me?.user?.name === model.data.owner.name || me?.admin === true,
            signedIn: me?.user != null,
          },
    [owner, name, model.data, version, wanted, me],
  );
  if (here === null) return <Waiting error={model.error} again={() => void model.refetch()} name={name} />;
  return (
    <ModelContext value={here}>
      <div className={styles.page}>
        <Head number={number} />
        <Tabs />
        <div className={styles.body}>
          <Shown here={here} error={other.error}>
            <Outlet />
          </Shown>
        </div>
      </div>
    </ModelContext>
  );
}

/** The tab's content, or why there cannot be one. */
function Shown({ here, error, children }: { here: ModelHere; error: Error | null; children: ReactNode }) {
  const matches = useMatchRoute();
  const overview = matches({ to: "/models/$owner/$name/overview" }) !== false;
  if (here.version !== null) return children;
  if (here.model.latest_version === null) return overview ? children : <NoVersion />;
  return error === null ? <Loading lines={6} /> : <LatestInstead error={error} />;
}

function Waiting({ error, again, name }: { error: Error | null; again: () => void; name: string }) {
  if (error === null) return <Loading lines={8} />;
  return (
    <ModelMissing error={error} name={name}>
      <ProblemNote error={error} actions={<Button onClick={again}>Try again</Button>} />
    </ModelMissing>
  );
}
